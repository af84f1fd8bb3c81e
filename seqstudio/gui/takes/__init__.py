"""Takes beside each other: compared, heard, kept, dragged out, made again."""
