"""A recording: its sound as a picture, and its words."""
