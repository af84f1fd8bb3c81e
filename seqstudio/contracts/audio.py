"""Which part of which recording is read, and how."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

OnDamage: TypeAlias = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class AudioSource:
    """A recording or a part of one, and how to read it where a path alone does not say.

    Parameters
    ----------
    path : an audio file, or a video with sound if PyAV is installed
    track : which of several audio tracks, from 1
    on_damage : called with a sentence about what is damaged, perhaps several times, and reading
        goes on with what is left; None raises `DamagedError`
    start_s, end_s : the part that is read, as far as the recording goes
    channel : which channel alone is read, from 1; None reads all
    """

    path: Path
    track: int = 1
    on_damage: OnDamage | None = None
    start_s: float = 0.0
    end_s: float = math.inf
    channel: int | None = None

    @property
    def name(self) -> str:
        """The name of the file."""
        return self.path.name

    def __str__(self) -> str:
        if (self.start_s, self.end_s) == (0.0, math.inf):
            return str(self.path)
        return f"{self.path} from {self.start_s:.2f} to {self.end_s:.2f} s"
