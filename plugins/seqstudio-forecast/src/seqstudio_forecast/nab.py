"""The score of the Numenta Anomaly Benchmark, standard profile.

Source: Lavin and Ahmad 2015, "Evaluating real-time anomaly detection algorithms: the Numenta
Anomaly Benchmark", section 3, and the benchmark's documentation of its version 1.1. An early
detection in a labelled window earns up to 1 point; only the best of a window counts. A missed
window costs 1 point, and each detection outside up to 0.11. The sums over all series are then
scaled, so that no detection at all has 0, and a detection at the start of every window without any
other has 100.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FALSE_POSITIVE = 0.11  # weights of the standard profile; the others are 1
FAR = 3.0  # windows' widths after a window at which a detection is as false as can be
PROBATION_SHARE, PROBATION_ROWS = 0.15, 5000

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Window:
    """The first and last row of a labelled anomaly."""

    first: int
    last: int


@dataclass(frozen=True)
class NabScore:
    """The points of one series or several, and how many windows they have."""

    points: float
    windows: int

    @property
    def sums(self) -> tuple[float, float]:
        """Numerator and denominator of the scaled score, to be pooled over series."""
        return 100.0 * (self.points + self.windows), 2.0 * self.windows


def probation(rows: int) -> int:
    """Return how many rows at the start of a series are not scored.

    >>> probation(4032), probation(22695)
    (604, 750)
    """
    return int(PROBATION_SHARE * min(rows, PROBATION_ROWS))


def closeness(position: Floats) -> Floats:
    """Return the scaled sigmoid: near 1 at the start of a window, -1; 0 at its end, 0."""
    near = 2.0 / (1.0 + np.exp(5.0 * np.minimum(position, FAR))) - 1.0
    return np.where(position >= FAR, -1.0, near)


def row_points(rows: int, windows: Sequence[Window]) -> tuple[Floats, NDArray[np.int64]]:
    """Return the points of a detection in each row, and the window of each row.

    The window is -1 outside of windows, and -2 in the probationary part.
    """
    at = np.arange(rows, dtype=np.float64)
    points, inside = np.full(rows, -FALSE_POSITIVE), np.full(rows, -1)
    for number, window in enumerate(windows):
        width = window.last - window.first + 1
        row = slice(window.first, window.last + 1)
        earliest = closeness(np.array(-1.0))
        points[row] = closeness(-(window.last - at[row] + 1) / width) / earliest
        inside[row] = number
        following = windows[number + 1].first if number + 1 < len(windows) else rows
        past = slice(window.last + 1, following)
        distance = (at[past] - window.last) / max(width - 1, 1)
        points[past] = FALSE_POSITIVE * closeness(distance)
    inside[: probation(rows)] = -2
    return points, inside


def score_flags(flags: Flags, windows: Sequence[Window]) -> NabScore:
    """Score the detections of one series."""
    points, inside = row_points(len(flags), windows)
    total = float(points[flags & (inside == -1)].sum())
    scored = [number for number in range(len(windows)) if (inside == number).any()]
    for number in scored:
        found = points[flags & (inside == number)]
        total += max(-1.0, float(found.max())) if len(found) else -1.0
    return NabScore(total, len(scored))


def best_threshold(
    scores: Sequence[Floats], windows: Sequence[Sequence[Window]]
) -> tuple[float, float]:
    """Return the threshold that is best for all series together, and the score it gives.

    The benchmark's own scoreboard is made so, with the labels in hand; a detection is a score of at
    least the threshold.
    """
    gains, all_scores, total, offset = [], [], 0, 0
    for own, labelled in zip(scores, windows, strict=True):
        points, inside = row_points(len(own), labelled)
        kept = inside != -2
        names = np.where(inside[kept] >= 0, inside[kept] + offset, -1)
        gains.append(np.stack([points[kept], names]))
        all_scores.append(own[kept])
        total, offset = total + len(np.unique(names[names >= 0])), offset + len(labelled)
    joined = np.concatenate(all_scores)
    order = np.argsort(-joined, kind="stable")
    points, names = np.concatenate(gains, axis=1)[:, order]
    best: dict[int, float] = {}
    for at in np.flatnonzero(names >= 0):
        window, won = int(names[at]), float(points[at])
        before = best.get(window, -1.0)
        points[at] = max(won - before, 0.0)
        best[window] = max(won, before)
    ordered = joined[order]
    sums = np.where(np.append(ordered[1:] != ordered[:-1], True), points.cumsum(), -np.inf)
    top = int(sums.argmax())
    if sums[top] <= 0:
        return float("inf"), 0.0
    return float(ordered[top]), 100.0 * float(sums[top]) / (2.0 * total)
