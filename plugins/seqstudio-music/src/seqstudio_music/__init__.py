"""The music instrument."""
