"""Recordings read as a model needs them: mono, at its rate, whole or in chunks cut at pauses."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seqstudio.api.media import Audio, mono, read_blocks, resample_blocks

Samples = NDArray[np.float32]

BLOCK_S = 10.0  # read at once
LONGEST_S = 20.0  # of a chunk; training has no longer utterances
PAUSE_S = 0.2  # a cut is in the middle of the quietest interval of this length
LEVEL_S = 0.01  # levels are measured over intervals of this length
LEAST_S = 0.05  # shorter audio holds no speech
SILENT_DB = -60.0  # below full scale; a chunk without `LEAST_S` louder than this is silent


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a recording: its samples, (N,), and where they begin."""

    samples: Samples
    start_s: float


def read_mono(path: Path, rate_hz: int) -> Samples:
    """Read a whole recording as (N,) samples.

    Raises
    ------
    DataError
        As `seqstudio.api.media.read_audio`.
    """
    return np.concatenate(list(_blocks(path, rate_hz)))


def chunks(path: Path, rate_hz: int) -> Iterator[Chunk]:
    """Read a recording in chunks of at most `LONGEST_S`, cut where it is quietest.

    No more than a chunk and a block are held in memory, however long the recording is.

    Raises
    ------
    DataError
        As `seqstudio.api.media.read_audio`.
    """
    longest = round(LONGEST_S * rate_hz)
    pending = np.zeros(0, np.float32)
    start = 0
    for block in _blocks(path, rate_hz):
        pending = np.concatenate([pending, block])
        while len(pending) > longest:
            cut = quietest(pending[:longest], rate_hz)
            yield Chunk(pending[:cut], start / rate_hz)
            pending, start = pending[cut:], start + cut
    if len(pending):
        yield Chunk(pending, start / rate_hz)


def quietest(samples: Samples, rate_hz: int) -> int:
    """Return the index in the second half of (N,) samples around which they are quietest."""
    hop = round(LEVEL_S * rate_hz)
    power = _powers(samples, hop)
    width = round(PAUSE_S / LEVEL_S)
    first = len(power) // 2
    around = np.convolve(power[first:], np.ones(width), mode="valid")
    return int((first + around.argmin() + width // 2) * hop)


def is_silent(samples: Samples, rate_hz: int) -> bool:
    """Return whether (N,) samples are too short or too quiet to hold speech."""
    if len(samples) < LEAST_S * rate_hz:
        return True
    width = round(LEAST_S / LEVEL_S)
    power = _powers(samples, round(LEVEL_S * rate_hz))
    loudest = np.convolve(power, np.ones(width) / width, mode="valid").max()
    return bool(loudest < 10 ** (SILENT_DB / 10))


def loud_levels(samples: Samples, rate_hz: int) -> NDArray[np.bool_]:
    """Return for every `LEVEL_S` of (N,) samples whether it is loud.

    The threshold, in decibels, is midway between the quietest tenth and the maximum.
    """
    power = _powers(samples, round(LEVEL_S * rate_hz))
    if not len(power):
        return np.zeros(0, np.bool_)
    levels_db = 10 * np.log10(power + 10 ** (SILENT_DB / 10))
    above: NDArray[np.bool_] = levels_db > (np.quantile(levels_db, 0.1) + levels_db.max()) / 2
    return above


def _powers(samples: Samples, hop: int) -> NDArray[np.float64]:
    whole = len(samples) // hop * hop
    squares = np.square(samples[:whole], dtype=np.float64)
    powers: NDArray[np.float64] = squares.reshape(-1, hop).mean(axis=1)
    return powers


def _blocks(path: Path, rate_hz: int) -> Iterator[Samples]:
    mono_blocks: Iterator[Audio] = (mono(block) for block in read_blocks(path, BLOCK_S))
    for block in resample_blocks(mono_blocks, rate_hz):
        yield block.samples[:, 0]
