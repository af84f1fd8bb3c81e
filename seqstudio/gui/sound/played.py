"""What is played: a sound from a second on, in a loop, or at another speed, in blocks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # numpy would delay the first paint
    from seqstudio.media.audio import Audio, Samples

Reader = Callable[[float], "Iterator[Audio]"]  # from a second on
Loop = tuple[float, float]  # seconds
MIN_LOOP_S = 0.05


@dataclass(frozen=True, slots=True)
class PlayedBlock:
    """A block as it is heard, with the second of the sound at its start."""

    samples: "Samples"  # (N, 1 or 2)
    rate_hz: int
    second: float
    speed: float = 1.0


def played_blocks(
    reader: Reader, start_s: float, *, loop: Loop | None = None, speed: float = 1.0
) -> Iterator[PlayedBlock]:
    """Yield a sound from a second on, at most two channels.

    Parameters
    ----------
    reader : reads the sound
    start_s : where it begins
    loop : is repeated for ever once it is reached; None plays to the end
    speed : 0.5 to 2, at the same pitch
    """
    if loop is None or loop[1] - loop[0] < MIN_LOOP_S or start_s >= loop[1]:
        yield from _at_speed(_at_most_two_channels(reader(start_s)), start_s, speed)
        return
    while True:
        until = _until(_at_most_two_channels(reader(start_s)), loop[1] - start_s)
        found = False
        for block in _at_speed(until, start_s, speed):
            found = True
            yield block
        if not found:  # the loop is beyond the end
            return
        start_s = loop[0]


def _at_speed(blocks: "Iterator[Audio]", second: float, speed: float) -> Iterator[PlayedBlock]:
    from seqstudio.media.time_stretch import stretch_blocks

    for block in stretch_blocks(blocks, speed):
        yield PlayedBlock(block.samples, block.rate_hz, second, speed)
        second += speed * len(block.samples) / block.rate_hz


def _until(blocks: "Iterator[Audio]", seconds: float) -> "Iterator[Audio]":
    """Yield the start of a sound, of this length."""
    from seqstudio.media.audio import Audio

    for block in blocks:
        frames = round(seconds * block.rate_hz)
        if frames <= 0:
            return
        yield Audio(block.samples[:frames], block.rate_hz)
        seconds -= len(block.samples) / block.rate_hz


def _at_most_two_channels(blocks: "Iterator[Audio]") -> "Iterator[Audio]":
    from seqstudio.media.audio import mono

    return (mono(block) if block.samples.shape[1] > 2 else block for block in blocks)
