"""The piano roll: a take's notes, and the page around them."""
