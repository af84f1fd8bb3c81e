"""Recordings read as a model needs them: one channel, at its rate, whole or in utterances."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seqstudio.api.media import Audio, AudioSource, read_blocks, resample_blocks
from seqstudio_speech.mixdown import Mixdown, mixdown_of, mixed
from seqstudio_speech.pauses import LEVEL_S, LONGEST_PIECE_S, Measure, Samples, cuts, levels_db

BLOCK_S = 10.0  # read at once
WINDOW_S = 30.0  # in which the cuts are looked for
LEAST_S = 0.05  # shorter audio holds no speech
SILENT_DB = -90.0  # below full scale; what is never louder for `LEAST_S` is silent
LOUD_SHARE = 0.5  # of the way, in decibels, from the quietest tenth to the maximum
EDGE_SHARE = 0.25  # the same for the ends of an utterance, which begin and end softly
EDGE_S = 0.4  # of quiet that is left before and after an utterance, as in the training data


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a recording: its samples, (N,), and where they begin."""

    samples: Samples
    start_s: float


def read_mono(path: Path | AudioSource, rate_hz: int) -> Samples:
    """Read a whole recording as (N,) samples.

    Raises
    ------
    DataError
        As `seqstudio.api.media.read_audio`.
    """
    return np.concatenate(list(_blocks(path, rate_hz, mixdown_of(path))))


def chunks(
    path: Path | AudioSource,
    rate_hz: int,
    mixdown: Mixdown | None = None,
    measure: Measure = levels_db,
) -> Iterator[Chunk]:
    """Read a recording in chunks, cut at its pauses; together they are the whole recording.

    A pause is where the levels that `measure` finds are low.

    One that is no longer than a chunk may be is not cut: what follows helps to hear what was said.
    No more than `WINDOW_S` and a block are held in memory, however long the recording is.

    Raises
    ------
    DataError
        As `seqstudio.api.media.read_audio`.
    """
    cutter = Cutter(rate_hz, measure)
    for block in _blocks(path, rate_hz, mixdown):
        yield from cutter.add(block)
    yield from cutter.finish()


class Cutter:
    """Cuts a recording at its pauses while it arrives; the chunks together are all of it."""

    def __init__(self, rate_hz: int, measure: Measure = levels_db) -> None:
        self._rate_hz = rate_hz
        self._measure = measure
        self._window = round(WINDOW_S * rate_hz)
        self._pending: Samples = np.zeros(0, np.float32)
        self._start = 0

    def add(self, block: Samples) -> Iterator[Chunk]:
        """Take the next samples, (N,), and yield the chunks that no later pause can move."""
        self._pending = np.concatenate([self._pending, block])
        while len(self._pending) > self._window:
            settled = round((WINDOW_S - LONGEST_PIECE_S) * self._rate_hz)
            found = self._cuts(self._pending[: self._window])
            at = [cut for cut in found if cut <= settled]
            yield from _cut(self._pending, at, self._start, self._rate_hz)
            self._pending, self._start = self._pending[at[-1] :], self._start + at[-1]

    def provisional(self) -> list[Chunk]:
        """Return the chunks of what is left, as if the recording ended here."""
        if not len(self._pending):
            return []
        whole = self._start == 0 and len(self._pending) <= LONGEST_PIECE_S * self._rate_hz
        inner = [] if whole else self._cuts(self._pending)
        ends = [*inner, len(self._pending)]
        return list(_cut(self._pending, ends, self._start, self._rate_hz))

    def finish(self) -> list[Chunk]:
        """Return the chunks of what is left, since the recording has ended."""
        chunks, self._pending = self.provisional(), self._pending[:0]
        return chunks

    def _cuts(self, samples: Samples) -> list[int]:
        """Return where (N,) samples are cut."""
        hop = round(LEVEL_S * self._rate_hz)
        return [cut * hop for cut in cuts(self._measure(samples, self._rate_hz))]


def spoken(chunk: Chunk, rate_hz: int) -> Chunk:
    """Return the part of a chunk from shortly before its first sound to shortly after its last."""
    levels = levels_db(chunk.samples, rate_hz)
    loud = np.flatnonzero(_above(levels, EDGE_SHARE))
    if not len(loud):
        return chunk
    edge, hop = round(EDGE_S / LEVEL_S), round(LEVEL_S * rate_hz)
    first = max(0, int(loud[0]) - edge) * hop
    return Chunk(
        chunk.samples[first : (int(loud[-1]) + 1 + edge) * hop], chunk.start_s + first / rate_hz
    )


def is_silent(samples: Samples, rate_hz: int) -> bool:
    """Return whether (N,) samples are too short or too quiet to hold speech."""
    if len(samples) < LEAST_S * rate_hz:
        return True
    width = round(LEAST_S / LEVEL_S)
    powers = 10 ** (levels_db(samples, rate_hz) / 10)
    loudest = np.convolve(powers, np.ones(width) / width, mode="valid").max()
    return bool(loudest < 10 ** (SILENT_DB / 10))


def loud_levels(samples: Samples, rate_hz: int) -> NDArray[np.bool_]:
    """Return for every `LEVEL_S` of (N,) samples whether it is loud."""
    return _above(levels_db(samples, rate_hz), LOUD_SHARE)


def _above(levels: NDArray[np.float64], share: float) -> NDArray[np.bool_]:
    if not len(levels):
        return np.zeros(0, np.bool_)
    quiet = np.quantile(levels, 0.1)
    above: NDArray[np.bool_] = levels > quiet + share * (levels.max() - quiet)
    return above


def _cut(samples: Samples, at: list[int], start: int, rate_hz: int) -> Iterator[Chunk]:
    for first, last in zip([0, *at], at, strict=False):
        yield Chunk(samples[first:last], (start + first) / rate_hz)


def _blocks(path: Path | AudioSource, rate_hz: int, mixdown: Mixdown | None) -> Iterator[Samples]:
    blocks: Iterator[Audio] = read_blocks(path, BLOCK_S)
    for block in resample_blocks(mixed(blocks, mixdown) if mixdown else blocks, rate_hz):
        yield block.samples[:, 0]
