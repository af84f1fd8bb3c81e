"""SeqStudio: an offline studio for speech recognition and MIDI music."""

__version__ = "0.1.0"
