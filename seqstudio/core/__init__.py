"""The recurrent encoder-decoder: tensors in, tensors out; no files, clocks or plugins."""
