"""Translation with attention and a beam search."""
