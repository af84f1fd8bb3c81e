"""Changing pieces: voices added to a melody, bars written anew, variations."""
