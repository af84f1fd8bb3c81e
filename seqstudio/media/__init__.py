"""Audio in, MIDI in and out, sound from MIDI, subtitles and pictures; torch-free."""
