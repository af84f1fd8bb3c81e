"""What surrounds the pages: library, first page, palette, menus, and what is brought in."""
