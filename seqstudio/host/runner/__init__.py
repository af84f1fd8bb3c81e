"""Runs jobs: starts worker processes, sends them items, and validates what they send back."""
