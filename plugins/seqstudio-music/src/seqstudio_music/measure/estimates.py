"""Metrics of a set of pieces, with bootstrap intervals."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqstudio.api import stable_seed
from seqstudio_music.measure.metrics import Sums

RESAMPLES = 1000
INTERVAL = (2.5, 97.5)  # percentiles


@dataclass(frozen=True, slots=True)
class Estimate:
    """A metric of a set of pieces, and its 95 % interval."""

    value: float
    low: float
    high: float


def estimate(pieces: Sequence[Sums]) -> dict[str, Estimate]:
    """Pool each metric over pieces; resample whole pieces for its interval [1]_.

    A metric whose denominators are all 0 is left out. The resamples are always the same.

    References
    ----------
    .. [1] Efron and Tibshirani 1993, "An introduction to the bootstrap", chapter 13: the
       percentile interval.
    """
    generator = np.random.default_rng(0)
    picks = generator.integers(0, max(len(pieces), 1), (RESAMPLES, len(pieces)))
    found = {}
    for name in dict.fromkeys(name for piece in pieces for name in piece):
        sums = np.array([piece.get(name, (0.0, 0.0)) for piece in pieces], dtype=np.float64)
        top, bottom = sums.sum(axis=0)
        if bottom == 0:
            continue
        resampled = sums[picks].sum(axis=1)
        resampled = resampled[resampled[:, 1] > 0]
        low, high = np.percentile(resampled[:, 0] / resampled[:, 1], INTERVAL)
        found[name] = Estimate(float(top / bottom), float(low), float(high))
    return found


def halves(pieces: Sequence[tuple[str, Sums]]) -> tuple[list[Sums], list[Sums]]:
    """Split named pieces into two halves, by a hash of their names.

    The difference between the halves of a set is what chance alone makes of its size.
    """
    ordered = [sums for _, sums in sorted(pieces, key=lambda piece: stable_seed(piece[0]))]
    return ordered[::2], ordered[1::2]
