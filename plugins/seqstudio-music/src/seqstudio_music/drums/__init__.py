"""Drums: sixteenths with the pieces of a kit, how hard each is struck, and how early or late."""
