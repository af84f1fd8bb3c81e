"""The speech instrument."""
