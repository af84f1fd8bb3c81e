"""What decodes one part of a recording, whichever library does it."""

from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

Samples: TypeAlias = npt.NDArray[np.float32]

KNOWN = "wav, flac, ogg, mp3"  # among what libsndfile reads
UNKNOWN_FRAMES = 1 << 60  # more frames than any file holds


class PartError(Exception):
    """What follows in a part cannot be decoded; the text is the reason alone."""


class PartDecoder(Protocol):
    """Decodes one part of a recording. `frames` is over `UNKNOWN_FRAMES` if it is unknown."""

    rate_hz: int
    channels: int
    format: str
    frames: int
    notes: tuple[str, ...]

    def read(self, frames: int) -> Samples:
        """Return the next (n, channels) samples, n <= `frames`; none at the end.

        Raises
        ------
        PartError
            If what follows cannot be decoded.
        """

    def seek(self, frame: int) -> int:
        """Move to a frame at or before `frame`, as near as this format can; return which."""
