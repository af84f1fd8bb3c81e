"""Named entities, and any other spans of a sentence."""
