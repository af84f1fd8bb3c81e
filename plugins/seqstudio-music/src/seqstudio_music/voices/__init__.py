"""Music in voices: chorales and lead sheets, one token per voice and sixteenth."""
