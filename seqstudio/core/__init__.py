"""Tensors in, tensors out: the one recurrent encoder-decoder. Knows no file, clock or plugin."""
