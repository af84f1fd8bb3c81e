"""Two detectors from the Numenta benchmark's scoreboard, written again to check its score.

Both are streaming in their arithmetic, but relative entropy is told the whole series' range, as it
is in the benchmark.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

GAUSSIAN_ROWS, GAUSSIAN_STEP = 6400, 100  # as in the benchmark's repository, numenta/NAB
# best for all 58 series together (`best_threshold`), as on the benchmark's own scoreboard
GAUSSIAN_THRESHOLD = 0.9999999999997

ENTROPY_BINS, ENTROPY_ROWS = 5, 52  # as in the benchmark's repository
ENTROPY_THRESHOLD = 1.0
ENTROPY_LIMIT = 13.276704135987622  # 99 % of a chi-squared variable of 4 degrees of freedom


def windowed_gaussian(values: Floats) -> Floats:
    """Return 1 minus the tail of each value under the Gaussian of those before it.

    The window grows to 6,400 values and then moves on by 100.
    """
    centred = values - values[0]
    sums = np.concatenate([[0.0], centred.cumsum()])
    squares = np.concatenate([[0.0], np.square(centred).cumsum()])
    scores = np.zeros(len(values))
    for at in range(1, len(values)):
        moved = max(at - GAUSSIAN_ROWS, 0) // GAUSSIAN_STEP * GAUSSIAN_STEP
        stop = min(at, moved + GAUSSIAN_ROWS)
        count = stop - moved
        mean = (sums[stop] - sums[moved]) / count
        variance = (squares[stop] - squares[moved]) / count - mean * mean
        deviation = math.sqrt(variance) if variance > 0 else 1e-6
        scores[at] = 1.0 - 0.5 * math.erfc(abs(centred[at] - mean) / deviation / math.sqrt(2.0))
    return scores


def relative_entropy(values: Floats) -> Floats:
    """Return 1 where the last 52 values are spread unlike at any time before, 0 elsewhere.

    Source: Wang et al. 2011, "Statistical techniques for online anomaly detection in data centers",
    figure 1: a window agrees with an earlier one if the relative entropy of their histograms passes
    a chi-squared test; one that agrees with none is an anomaly, and is remembered.
    """
    scores = np.zeros(len(values))
    step = (values.max() - values.min()) / ENTROPY_BINS
    if not step:
        return scores
    bins = np.minimum(np.ceil((values - values.min()) / step).astype(int), ENTROPY_BINS - 1)
    known: list[Floats] = []
    agreed: set[tuple[int, ...]] = set()
    counts = np.bincount(bins[: ENTROPY_ROWS - 1], minlength=ENTROPY_BINS)
    for at in range(ENTROPY_ROWS - 1, len(values)):
        counts[bins[at]] += 1
        if (key := tuple(counts.tolist())) not in agreed:
            agreed.add(key)
            shares = counts / ENTROPY_ROWS
            scores[at] = float(bool(known) and not agrees(shares, known))
            if not known or scores[at]:
                known.append(shares)
        counts[bins[at + 1 - ENTROPY_ROWS]] -= 1
    return scores


def agrees(shares: Floats, known: Sequence[Floats]) -> bool:
    """Return whether a histogram passes the test against one of those that are known."""
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(shares > 0, shares * np.log(shares / np.stack(known)), 0.0)
    return bool((2 * ENTROPY_ROWS * terms.sum(axis=1) < ENTROPY_LIMIT).any())
