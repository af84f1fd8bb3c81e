"""The window around the pages: library, start page, palette, menus and session commands."""
