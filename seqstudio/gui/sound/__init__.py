"""Sound output, in blocks."""
