"""Two models without a state, to check the metric against: per-key unigram and persistence."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from seqstudio_music.roll_data import KEYS, Rows

SMOOTHING = 1.0  # added to each count of on and of off, so that no frame is infinite


def unigram_nll(train: Sequence[Rows], held_out: Sequence[Rows]) -> float:
    """Nats a frame of independent keys, each on as often as in training."""
    rows = np.concatenate(train)
    chance = probability(rows.sum(axis=0, dtype=np.int64), len(rows))
    total = sum(bernoulli_nats(rows, chance[None]) for rows in held_out)
    return total / sum(map(len, held_out))


def persistence_nll(train: Sequence[Rows], held_out: Sequence[Rows]) -> float:
    """Nats a frame of independent keys, each on or off given its own last frame.

    Before the first frame every key is off: the state is reset for each piece.
    """
    on, seen = np.zeros((2, KEYS), dtype=np.int64), np.zeros((2, KEYS), dtype=np.int64)
    for rows in train:
        before = last_frames(rows)
        for last in (0, 1):
            seen[last] += (before == last).sum(axis=0)
            on[last] += ((before == last) & (rows == 1)).sum(axis=0)
    chance = probability(on, seen)
    total = 0.0
    for rows in held_out:
        given = np.where(last_frames(rows) == 1, chance[1], chance[0])
        total += bernoulli_nats(rows, given)
    return total / sum(map(len, held_out))


def last_frames(rows: Rows) -> Rows:
    """Give for each frame the one before it; silence before the first."""
    return np.concatenate([np.zeros((1, KEYS), dtype=rows.dtype), rows[:-1]])


def probability(on: NDArray[np.int64], seen: NDArray[np.int64] | int) -> NDArray[np.float64]:
    """Estimate how often a key is on, with one more of each seen (Laplace)."""
    return (on + SMOOTHING) / (np.asarray(seen) + 2 * SMOOTHING)


def bernoulli_nats(rows: Rows, chance: NDArray[np.float64]) -> float:
    """Sum the nats of (T, 88) frames under the chances of each key."""
    return float(-(np.where(rows == 1, np.log(chance), np.log1p(-chance))).sum())
