"""A take's notes: the piano roll and what is around it."""
