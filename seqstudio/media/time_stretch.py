"""Sound at another speed and the same pitch: waveform similarity overlap-add [1]_.

References
----------
.. [1] W. Verhelst and M. Roelands, "An overlap-add technique based on waveform similarity (WSOLA)
   for high quality time-scale modification of speech", ICASSP 1993.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from seqstudio.media.audio import Audio, Samples

WINDOW_S = 0.046  # of one piece: two periods of the lowest notes that matter
SEARCH_S = 0.012  # how far a piece may be moved to fit the one before it
SLOWEST, FASTEST = 0.5, 2.0
STEP = 4  # every so many samples are compared: enough to find the best place


def stretch_blocks(blocks: Iterable[Audio], speed: float) -> Iterator[Audio]:
    """Yield the sound of blocks `speed` times as fast, at the same pitch.

    Parameters
    ----------
    blocks : of one sampling rate and one number of channels
    speed : 0.5 to 2; 1 yields the blocks as they are

    Raises
    ------
    ValueError
        If the speed is out of its range.
    """
    if not SLOWEST <= speed <= FASTEST:
        raise ValueError(f"speed={speed}, expected {SLOWEST} to {FASTEST}")
    stretcher: _Stretcher | None = None
    for block in blocks:
        if speed == 1.0:
            yield block
            continue
        stretcher = stretcher or _Stretcher(block.rate_hz, block.samples.shape[1], speed)
        if len(samples := stretcher.add(block.samples)):
            yield Audio(samples, block.rate_hz)
    if stretcher and len(samples := stretcher.end()):
        yield Audio(samples, stretcher.rate_hz)


class _Stretcher:
    """Takes pieces of the input, each moved to where it continues the one before, and adds them."""

    def __init__(self, rate_hz: int, channels: int, speed: float) -> None:
        self.rate_hz = rate_hz
        self._speed = speed
        self._half = max(int(WINDOW_S * rate_hz / 2), 1)
        self._search = max(int(SEARCH_S * rate_hz), 1)
        fade = np.hanning(2 * self._half + 1)[:-1, None]
        self._fade = fade.astype(np.float32)
        self._input = np.zeros((0, channels), np.float32)
        self._dropped = 0  # frames of the input that are no longer held
        self._pieces = 0
        self._tail = np.zeros((self._half, channels), np.float32)  # second half of the last piece
        self._next = 0  # frame of the input that would continue the last piece

    def add(self, samples: Samples) -> Samples:
        """Add input; return the output that it makes."""
        self._input = np.concatenate([self._input, samples.astype(np.float32)])
        made = []
        while (ideal := self._ideal()) + self._search + 2 * self._half <= self._stop:
            made.append(self._piece(self._best(ideal)))
        self._drop()
        return np.concatenate(made) if made else self._input[:0]

    def end(self) -> Samples:
        """Return the rest of the output, after the last input."""
        padding = np.zeros((self._search + 2 * self._half, self._input.shape[1]), np.float32)
        return np.concatenate([self.add(padding), self._tail])

    @property
    def _stop(self) -> int:
        return self._dropped + len(self._input)

    def _ideal(self) -> int:
        """Return where the next piece begins if it is not moved."""
        return round(self._pieces * self._half * self._speed)

    def _best(self, ideal: int) -> int:
        """Return the frame near `ideal` whose sound is most like what would come next."""
        if not self._pieces:
            return ideal
        first = max(ideal - self._search, self._dropped)
        wanted = self._mono(self._next, self._half)[::STEP]
        heard = self._mono(first, ideal + self._search - first + self._half)
        views = np.lib.stride_tricks.sliding_window_view(heard, self._half)[:, ::STEP]
        energy = np.sqrt((views**2).sum(axis=1)) + 1e-6
        return first + int(np.argmax(views @ wanted / energy))

    def _mono(self, first: int, count: int) -> Samples:
        start = first - self._dropped
        mono: Samples = self._input[start : start + count].mean(axis=1)
        return mono

    def _piece(self, first: int) -> Samples:
        start = first - self._dropped
        piece = self._input[start : start + 2 * self._half] * self._fade
        out = self._tail + piece[: self._half]
        if not self._pieces:  # the first piece has none before it to fade from
            out = self._input[start : start + self._half].copy()
        self._tail = piece[self._half :]
        self._next = first + self._half
        self._pieces += 1
        return out

    def _drop(self) -> None:
        """Forget the input that no later piece can need."""
        keep = max(min(self._ideal() - self._search, self._next) - self._dropped, 0)
        self._input = self._input[keep:]
        self._dropped += keep
