"""The form of any operation: which operations apply to the input, their options, and Run."""
