"""A recording's picture: the lowest and highest sample of every stretch, at several scales."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from seqstudio.media.audio import Samples

BIN = 256  # samples in a bin of the finest level
STEP = 4  # bins of a level in one of the next
FULL = 32767  # int16 at full scale
Peaks: TypeAlias = npt.NDArray[np.int16]  # (bins, 2, channels): lowest and highest


@dataclass(frozen=True, slots=True)
class _Level:
    """Bins of one scale; `room` grows ahead of `count`."""

    samples: int  # in a bin
    room: Peaks
    count: int = 0

    @property
    def peaks(self) -> Peaks:
        return self.room[: self.count]

    def with_more(self, peaks: Peaks) -> "_Level":
        count = self.count + len(peaks)
        room = self.room
        if count > len(room):
            room = np.empty((max(2 * len(room), count), *peaks.shape[1:]), np.int16)
            room[: self.count] = self.peaks
        room[self.count : count] = peaks
        return _Level(self.samples, room, count)


class Pyramid:
    """Grows block by block on one thread, while another draws what there is.

    An hour of 44.1 kHz mono takes 3.3 MB, and up to twice that while there is room to grow.

    Parameters
    ----------
    channels : of the recording
    rate_hz : of the recording
    """

    def __init__(self, channels: int, rate_hz: int) -> None:
        self.channels = channels
        self.rate_hz = rate_hz
        self.frames = 0  # that are in the picture
        self.peak = 1  # the highest level in it, to either side
        self._levels: tuple[_Level, ...] = (_Level(BIN, np.empty((1024, 2, channels), np.int16)),)
        self._rest: Samples = np.empty((0, channels), np.float32)

    @property
    def duration_s(self) -> float:
        """Length of what is in the picture."""
        return self.frames / self.rate_hz

    @property
    def n_bytes(self) -> int:
        """What the picture takes in memory."""
        return sum(level.room.nbytes for level in self._levels)

    def add(self, block: Samples) -> None:
        """Go on with the next samples, (N, channels)."""
        samples = np.concatenate([self._rest, block]) if len(self._rest) else block
        whole = len(samples) // BIN * BIN
        self._rest = samples[whole:].copy()
        self._grow(_peaks_of(samples[:whole].reshape(-1, BIN, self.channels)))
        self.frames += len(block)

    def finish(self) -> None:
        """Take in the last samples, fewer than a bin's."""
        if len(self._rest):
            self._grow(_peaks_of(self._rest[None]))
            self._rest = self._rest[:0]

    def columns(self, first: float, per_column: float, count: int) -> Peaks:
        """Give the lowest and highest sample under each column of a picture.

        Parameters
        ----------
        first : sample at the left edge of the first column
        per_column : samples in a column; below `BIN` columns repeat
        count : columns

        Returns
        -------
        (up to count, 2, channels) int16; fewer where the recording ends, or is not read yet
        """
        levels = self._levels
        fitting = [level for level in levels if level.samples <= per_column and level.count]
        level = fitting[-1] if fitting else levels[0]
        edges = (first + per_column * np.arange(count)) / level.samples
        starts = np.clip(edges.astype(np.int64), 0, None)
        starts = starts[starts < level.count]
        if not len(starts):
            return level.peaks[:0]
        stop = min(int(edges[len(starts) - 1] + per_column / level.samples) + 1, level.count)
        seen = level.peaks[:stop]
        low = np.minimum.reduceat(seen[:, 0], starts)
        high = np.maximum.reduceat(seen[:, 1], starts)
        return np.stack([low, high], axis=1)

    def _grow(self, peaks: Peaks) -> None:
        levels = []
        self.peak = max(self.peak, int(np.abs(peaks).max(initial=0)))
        for level in self._levels:
            grown = level.with_more(peaks)
            levels.append(grown)
            peaks = _joined(grown, level.count)
        if levels[-1].count >= STEP:
            above = _Level(levels[-1].samples * STEP, np.empty((0, *peaks.shape[1:]), np.int16))
            levels.append(above.with_more(_joined(levels[-1], 0)))
        self._levels = tuple(levels)


@dataclass(frozen=True, slots=True)
class Detail:
    """The samples themselves of a stretch, for a picture of fewer than `BIN` to a column."""

    first: int  # sample of the recording
    planes: Samples  # (channels, N), each channel in one piece: three times as fast

    @classmethod
    def of(cls, first: int, samples: Samples) -> "Detail":
        """Keep samples (N, channels) of a recording, from `first` on."""
        return cls(first, np.ascontiguousarray(samples.T))

    def covers(self, first: float, last: float) -> bool:
        """Whether a stretch of the recording lies in this one."""
        return self.first <= first and last <= self.first + self.planes.shape[1]

    def columns(self, first: float, per_column: float, count: int) -> Peaks:
        """As `Pyramid.columns`, exactly."""
        channels, frames = self.planes.shape
        edges = np.maximum(first - self.first + per_column * np.arange(count), 0)
        starts = edges.astype(np.int64)
        starts = starts[starts < frames]
        if not len(starts):
            return np.empty((0, 2, channels), np.int16)
        base = int(starts[0])
        seen = self.planes[:, base : int(edges[len(starts) - 1] + per_column) + 1]
        both = [ufunc.reduceat(seen, starts - base, axis=1) for ufunc in (np.minimum, np.maximum)]
        return _levels_of(np.stack(both).transpose(2, 0, 1))


def _peaks_of(samples: Samples) -> Peaks:
    """Give (bins, 2, channels) of samples (bins, N, channels)."""
    return _levels_of(np.stack([samples.min(axis=1), samples.max(axis=1)], axis=1))


def _levels_of(both: Samples) -> Peaks:
    return np.clip(np.round(both * FULL), -FULL, FULL).astype(np.int16)


def _joined(level: _Level, before: int) -> Peaks:
    """Give the bins of the level above that became whole since there were `before` bins."""
    first, last = before // STEP * STEP, level.count // STEP * STEP
    groups = level.peaks[first:last].reshape(-1, STEP, *level.room.shape[1:])
    return np.stack([groups[:, :, 0].min(axis=1), groups[:, :, 1].max(axis=1)], axis=1)


def lane_rows(peaks: Peaks, height: int, gain: int) -> npt.NDArray[np.uint8]:
    """Draw the columns of one channel as a picture of zeros and ones.

    Parameters
    ----------
    peaks : (columns, 2), lowest and highest
    height : of the picture; what is beyond full scale is cut
    gain : how many times larger than it is

    Returns
    -------
    (height, columns) uint8, the highest row first; every column has a one at least
    """
    middle = (height - 1) / 2
    levels = np.round(middle - peaks * (gain * max(middle - 3, 0) / FULL)).astype(np.int32)
    rows = np.arange(height, dtype=np.int32)[:, None]
    return ((rows >= levels[:, 1]) & (rows <= levels[:, 0])).astype(np.uint8)


def nice_step(seconds: float) -> float:
    """Give the next round number of seconds for the marks of a ruler, 1 ms to an hour.

    >>> [nice_step(s) for s in (0.0007, 0.03, 0.7, 12, 100, 4000)]
    [0.001, 0.05, 1, 15, 120, 3600]
    """
    steps = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30)
    long = (60, 120, 300, 600, 1200, 1800, 3600)
    return next((step for step in (*steps, *long) if step >= seconds), 3600)


def clock(second: float, step: float = 1.0) -> str:
    """Write a time as a ruler with marks every `step` seconds does.

    >>> clock(75), clock(3675.5, 0.1), clock(0.0125, 0.0005)
    ('1:15', '1:01:15.5', '0:00.013')
    """
    digits = 0 if step >= 1 else 1 if step >= 0.1 else 2 if step >= 0.01 else 3
    minutes, seconds = divmod(round(second, digits), 60)
    hours, minutes = divmod(int(minutes), 60)
    width = 2 + (digits + 1 if digits else 0)
    tail = f"{seconds:0{width}.{digits}f}"
    return f"{hours}:{minutes:02}:{tail}" if hours else f"{minutes}:{tail}"
