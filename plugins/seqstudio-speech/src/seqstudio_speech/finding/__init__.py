"""The search for words in recordings, by what a model heard in them."""
