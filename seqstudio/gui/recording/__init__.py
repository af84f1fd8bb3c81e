"""A recording: its waveform and its transcript."""
