"""Sentiment, and any other label of a text."""
