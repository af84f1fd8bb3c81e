"""SeqStudio: an offline studio for sequences of sound."""

__version__ = "0.1.0"
