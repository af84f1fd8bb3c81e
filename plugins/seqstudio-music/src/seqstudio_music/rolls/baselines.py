"""Two stateless models that check the metric: unigram and persistence."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from seqstudio_music.keyboard import KEYS
from seqstudio_music.rolls.data import Roll

SMOOTHING = 1.0  # added to each count of on and of off, so that no frame has infinite nats


def unigram_nll(train: Sequence[Roll], held_out: Sequence[Roll]) -> float:
    """Return nats per frame if each key is on independently, as often as in training."""
    frames = np.concatenate(train)
    probability = on_probability(frames.sum(axis=0, dtype=np.int64), len(frames))
    total = sum(bernoulli_nats(roll, probability[None]) for roll in held_out)
    return total / sum(map(len, held_out))


def persistence_nll(train: Sequence[Roll], held_out: Sequence[Roll]) -> float:
    """Return nats per frame if each key depends only on its own state in the previous frame.

    Before the first frame of a piece every key is off.
    """
    on, seen = np.zeros((2, KEYS), dtype=np.int64), np.zeros((2, KEYS), dtype=np.int64)
    for roll in train:
        before = previous_frames(roll)
        for state in (0, 1):
            seen[state] += (before == state).sum(axis=0)
            on[state] += ((before == state) & (roll == 1)).sum(axis=0)
    probability = on_probability(on, seen)
    total = 0.0
    for roll in held_out:
        conditional = np.where(previous_frames(roll) == 1, probability[1], probability[0])
        total += bernoulli_nats(roll, conditional)
    return total / sum(map(len, held_out))


def previous_frames(roll: Roll) -> Roll:
    """Return the roll delayed by one frame; its first frame is silent."""
    return np.concatenate([np.zeros((1, KEYS), dtype=roll.dtype), roll[:-1]])


def on_probability(on: NDArray[np.int64], seen: NDArray[np.int64] | int) -> NDArray[np.float64]:
    """Estimate the probability that a key is on, with additive (Laplace) smoothing."""
    return (on + SMOOTHING) / (np.asarray(seen) + 2 * SMOOTHING)


def bernoulli_nats(roll: Roll, probability: NDArray[np.float64]) -> float:
    """Sum the nats of (T, 88) frames under independent probabilities of each key."""
    return float(-(np.where(roll == 1, np.log(probability), np.log1p(-probability))).sum())
