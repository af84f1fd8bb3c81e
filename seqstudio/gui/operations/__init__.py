"""The form of any operation: which ones apply to the input, their options, and Run."""
