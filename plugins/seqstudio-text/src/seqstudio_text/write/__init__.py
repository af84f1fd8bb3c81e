"""Writing text, character by character."""
