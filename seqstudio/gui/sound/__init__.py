"""Sound out of the computer, in blocks."""
