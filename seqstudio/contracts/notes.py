"""Musical notes, independent of any file format; `seqstudio.media.midi` reads and writes files."""

from dataclasses import dataclass

from seqstudio.errors import DataError


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """A note on the tick grid, sounding from `onset_ticks` until `onset_ticks + length_ticks`."""

    onset_ticks: int
    pitch: int  # MIDI, 60 is middle C
    length_ticks: int
    velocity: int = 80
    channel: int = 0  # 9 is drums

    def __post_init__(self) -> None:
        if not 0 <= self.pitch <= 127:
            raise DataError(f"pitch={self.pitch}, expected 0 to 127")
        if not 1 <= self.velocity <= 127:
            raise DataError(f"velocity={self.velocity}, expected 1 to 127")
        if not 0 <= self.channel <= 15:
            raise DataError(f"channel={self.channel}, expected 0 to 15")
        if not (self.onset_ticks >= 0 and self.length_ticks >= 1):  # NaN is neither
            span = f"{self.onset_ticks}+{self.length_ticks}"
            raise DataError(f"note at {span} ticks, expected an onset of 0 or more and a length")
