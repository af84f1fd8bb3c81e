"""Waveform peaks: the lowest and highest sample of each bin, at several scales."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from seqstudio.media.audio import Samples

BIN = 256  # samples per bin of the finest level
LEVEL_FACTOR = 4  # bins of one level per bin of the next
FULL_SCALE = 32767  # int16
Peaks: TypeAlias = npt.NDArray[np.int16]  # (bins, 2, channels): lowest and highest


@dataclass(frozen=True, slots=True)
class _Level:
    """The bins of one scale; `buffer` has space for more than `count`."""

    samples: int  # per bin
    buffer: Peaks
    count: int = 0

    @property
    def peaks(self) -> Peaks:
        return self.buffer[: self.count]

    def with_more(self, peaks: Peaks) -> "_Level":
        count = self.count + len(peaks)
        buffer = self.buffer
        if count > len(buffer):
            buffer = np.empty((max(2 * len(buffer), count), *peaks.shape[1:]), np.int16)
            buffer[: self.count] = self.peaks
        buffer[self.count : count] = peaks
        return _Level(self.samples, buffer, count)


class PeakPyramid:
    """Peaks at several scales; one thread adds blocks while another draws.

    An hour of 44.1 kHz mono takes 3.3 MB, and up to twice that with its spare space.

    Parameters
    ----------
    channels : of the recording
    rate_hz : of the recording
    """

    def __init__(self, channels: int, rate_hz: int) -> None:
        self.channels = channels
        self.rate_hz = rate_hz
        self.frames = 0  # added so far
        self.peak = 1  # the highest absolute level, int16
        self._levels: tuple[_Level, ...] = (_Level(BIN, np.empty((1024, 2, channels), np.int16)),)
        self._remainder: Samples = np.empty((0, channels), np.float32)

    @property
    def duration_s(self) -> float:
        """The length of what was added so far."""
        return self.frames / self.rate_hz

    @property
    def n_bytes(self) -> int:
        """The memory in use."""
        return sum(level.buffer.nbytes for level in self._levels)

    def add(self, block: Samples) -> None:
        """Add the next samples, (N, channels)."""
        samples = np.concatenate([self._remainder, block]) if len(self._remainder) else block
        whole = len(samples) // BIN * BIN
        self._remainder = samples[whole:].copy()
        self._grow(_peaks_of(samples[:whole].reshape(-1, BIN, self.channels)))
        self.frames += len(block)

    def finish(self) -> None:
        """Add the last samples, which do not fill a bin."""
        if len(self._remainder):
            self._grow(_peaks_of(self._remainder[None]))
            self._remainder = self._remainder[:0]

    def columns(self, first: float, per_column: float, count: int) -> Peaks:
        """Return the lowest and highest sample of each column of pixels.

        Parameters
        ----------
        first : sample at the left edge of the first column
        per_column : samples per column; below `BIN`, columns repeat
        count : columns

        Returns
        -------
        (up to count, 2, channels) int16; fewer where the recording ends or is not read yet
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
        visible = level.peaks[:stop]
        low = np.minimum.reduceat(visible[:, 0], starts)
        high = np.maximum.reduceat(visible[:, 1], starts)
        return np.stack([low, high], axis=1)

    def _grow(self, peaks: Peaks) -> None:
        levels = []
        self.peak = max(self.peak, int(np.abs(peaks).max(initial=0)))
        for level in self._levels:
            grown = level.with_more(peaks)
            levels.append(grown)
            peaks = _next_level_peaks(grown, level.count)
        if levels[-1].count >= LEVEL_FACTOR:
            empty = np.empty((0, *peaks.shape[1:]), np.int16)
            coarser = _Level(levels[-1].samples * LEVEL_FACTOR, empty)
            levels.append(coarser.with_more(_next_level_peaks(levels[-1], 0)))
        self._levels = tuple(levels)


@dataclass(frozen=True, slots=True)
class SampleDetail:
    """The samples of a part of a recording, to draw fewer than `BIN` samples per column."""

    first: int  # index of the first sample in the recording
    planes: Samples  # (channels, N), each channel contiguous: three times as fast

    @classmethod
    def of(cls, first: int, samples: Samples) -> "SampleDetail":
        """Return a detail of samples (N, channels) that start at sample `first`."""
        return cls(first, np.ascontiguousarray(samples.T))

    def covers(self, first: float, last: float) -> bool:
        """Whether this detail contains the samples from `first` to `last`."""
        return self.first <= first and last <= self.first + self.planes.shape[1]

    def columns(self, first: float, per_column: float, count: int) -> Peaks:
        """Return what `PeakPyramid.columns` returns, but exact."""
        channels, frames = self.planes.shape
        edges = np.maximum(first - self.first + per_column * np.arange(count), 0)
        starts = edges.astype(np.int64)
        starts = starts[starts < frames]
        if not len(starts):
            return np.empty((0, 2, channels), np.int16)
        base = int(starts[0])
        visible = self.planes[:, base : int(edges[len(starts) - 1] + per_column) + 1]
        extremes = [
            ufunc.reduceat(visible, starts - base, axis=1) for ufunc in (np.minimum, np.maximum)
        ]
        return _to_int16(np.stack(extremes).transpose(2, 0, 1))


def _peaks_of(samples: Samples) -> Peaks:
    """Return the peaks, (bins, 2, channels), of samples (bins, N, channels)."""
    return _to_int16(np.stack([samples.min(axis=1), samples.max(axis=1)], axis=1))


def _to_int16(samples: Samples) -> Peaks:
    return np.clip(np.round(samples * FULL_SCALE), -FULL_SCALE, FULL_SCALE).astype(np.int16)


def _next_level_peaks(level: _Level, before: int) -> Peaks:
    """Return the bins of the next level that were completed since there were `before` bins."""
    first, last = before // LEVEL_FACTOR * LEVEL_FACTOR, level.count // LEVEL_FACTOR * LEVEL_FACTOR
    groups = level.peaks[first:last].reshape(-1, LEVEL_FACTOR, *level.buffer.shape[1:])
    return np.stack([groups[:, :, 0].min(axis=1), groups[:, :, 1].max(axis=1)], axis=1)


def lane_rows(peaks: Peaks, height: int, gain: int) -> npt.NDArray[np.uint8]:
    """Draw the columns of one channel as an image of zeros and ones.

    Parameters
    ----------
    peaks : (columns, 2), lowest and highest
    height : of the image; levels beyond full scale are clipped
    gain : factor by which to scale the levels

    Returns
    -------
    (height, columns) uint8, the highest row first; every column has at least one 1
    """
    middle = (height - 1) / 2
    levels = np.round(middle - peaks * (gain * max(middle - 3, 0) / FULL_SCALE)).astype(np.int32)
    rows = np.arange(height, dtype=np.int32)[:, None]
    return ((rows >= levels[:, 1]) & (rows <= levels[:, 0])).astype(np.uint8)


def nice_step(seconds: float) -> float:
    """Return the next larger round number of seconds between ruler marks, 1 ms to an hour.

    >>> [nice_step(s) for s in (0.0007, 0.03, 0.7, 12, 100, 4000)]
    [0.001, 0.05, 1, 15, 120, 3600]
    """
    steps = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30)
    long = (60, 120, 300, 600, 1200, 1800, 3600)
    return next((step for step in (*steps, *long) if step >= seconds), 3600)
