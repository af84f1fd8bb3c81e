"""Recordings as models hear them: mono, at the model's rate, whole or in chunks cut at pauses."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seqstudio.api.media import Audio, mono, read_blocks, resample_blocks

Samples = NDArray[np.float32]

BLOCK_S = 10.0  # read at once
LONGEST_S = 20.0  # of a chunk; the model has heard nothing longer than this in training
PAUSE_S = 0.2  # a cut goes to the middle of the quietest stretch of this length
LEVEL_S = 0.01  # levels are measured over this
LEAST_S = 0.05  # no sound of speech that means something is shorter
SILENT_DB = -60.0  # below full scale: a chunk that is nowhere louder for `LEAST_S` holds no speech


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of one recording: its samples, (N,), and where they begin."""

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
    held = np.zeros(0, np.float32)
    start = 0
    for block in _blocks(path, rate_hz):
        held = np.concatenate([held, block])
        while len(held) > longest:
            cut = quietest(held[:longest], rate_hz)
            yield Chunk(held[:cut], start / rate_hz)
            held, start = held[cut:], start + cut
    if len(held):
        yield Chunk(held, start / rate_hz)


def quietest(samples: Samples, rate_hz: int) -> int:
    """Find the sample in the second half of (N,) samples around which it is quietest."""
    hop = round(LEVEL_S * rate_hz)
    power = _powers(samples, hop)
    width = round(PAUSE_S / LEVEL_S)
    first = len(power) // 2
    around = np.convolve(power[first:], np.ones(width), mode="valid")
    return int((first + around.argmin() + width // 2) * hop)


def is_silent(samples: Samples, rate_hz: int) -> bool:
    """Say whether (N,) samples are too short, or nowhere loud enough, to hold speech."""
    if len(samples) < LEAST_S * rate_hz:
        return True
    width = round(LEAST_S / LEVEL_S)
    power = _powers(samples, round(LEVEL_S * rate_hz))
    loudest = np.convolve(power, np.ones(width) / width, mode="valid").max()
    return bool(loudest < 10 ** (SILENT_DB / 10))


def loud_levels(samples: Samples, rate_hz: int) -> NDArray[np.bool_]:
    """Say of every `LEVEL_S` of (N,) samples whether it stands out.

    What lies above half of the way, in decibels, from the quietest tenth to the loudest stands out.
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
    one_channel: Iterator[Audio] = (mono(block) for block in read_blocks(path, BLOCK_S))
    for block in resample_blocks(one_channel, rate_hz):
        yield block.samples[:, 0]
