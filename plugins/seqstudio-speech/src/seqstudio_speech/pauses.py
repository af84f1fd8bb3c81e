"""Where a recording pauses: levels over time, and the cuts between utterances."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Samples = NDArray[np.float32]
Levels = NDArray[np.float64]
Measure = Callable[[Samples, int], Levels]  # samples and their rate -> a level each `LEVEL_S`

LEVEL_S = 0.01  # levels are measured over intervals of this length
SMOOTH = 5  # levels that are averaged
AROUND_S = 1.5  # a pause is quiet compared with what is so close to it
QUIET_SHARE = 0.5  # of the way, in decibels, from the quietest around to the loudest
LEAST_RANGE_DB = 10.0  # between speech and pause
SHORTEST_PAUSE_S = 0.1
OFF_CENTRE_DB = 6.0  # by which the edge of a pause must be quieter than its middle to be cut there
LONG_PAUSE_S = 0.4  # separates two utterances
SHORTEST_PIECE_S = 1.0
LONGEST_PIECE_S = 8.0
FLOOR_DB = -100.0  # digital silence


def levels_db(samples: Samples, rate_hz: int) -> Levels:
    """Return the level of every `LEVEL_S` of (N,) samples, without its constant offset."""
    hop = round(LEVEL_S * rate_hz)
    whole = len(samples) // hop * hop
    powers = samples[:whole].reshape(-1, hop).astype(np.float64).var(axis=1)
    found: Levels = 10 * np.log10(powers + 10 ** (FLOOR_DB / 10))
    return found


def pauses(levels: Levels) -> list[tuple[int, int]]:
    """Return the half-open ranges of levels that are quiet compared with what is around them."""
    if not len(levels):
        return []
    smooth = _averaged(levels, SMOOTH)
    around = 2 * round(AROUND_S / LEVEL_S) + 1
    windows = sliding_window_view(np.pad(smooth, around // 2, mode="edge"), around)
    loudest, quietest = windows.max(axis=1), windows.min(axis=1)
    spread = loudest - quietest
    quiet = (smooth < quietest + QUIET_SHARE * spread) & (spread >= LEAST_RANGE_DB)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], quiet, [False]])))
    ranges = edges.reshape(-1, 2)
    long_enough = ranges[:, 1] - ranges[:, 0] >= round(SHORTEST_PAUSE_S / LEVEL_S)
    return [(int(first), int(last)) for first, last in ranges[long_enough]]


def cuts(levels: Levels) -> Iterator[int]:
    """Yield where a recording is cut, as ascending numbers of levels.

    It is cut in each long pause. A piece that is still too long is cut in its longest pause, and
    without any where it is quietest.
    """
    found = pauses(levels)
    start = 0
    for first, last in found:
        if last - first < round(LONG_PAUSE_S / LEVEL_S):
            continue
        at = _quietest(levels, first, last)
        if min(at - start, len(levels) - at) >= round(SHORTEST_PIECE_S / LEVEL_S):
            yield from _shortened(levels, found, start, at)
            yield at
            start = at
    yield from _shortened(levels, found, start, len(levels))


def _shortened(
    levels: Levels, found: list[tuple[int, int]], start: int, stop: int
) -> Iterator[int]:
    longest, shortest = round(LONGEST_PIECE_S / LEVEL_S), round(SHORTEST_PIECE_S / LEVEL_S)
    while stop - start > longest:
        low, high = start + shortest, min(start + longest, stop - shortest)
        inside = [
            (last - first, first, last) for first, last in found if low <= first and last <= high
        ]
        _, first, last = max(inside, default=(0, (low + high) // 2, high))
        start = _quietest(levels, first, last)
        yield start


def _quietest(levels: Levels, first: int, last: int) -> int:
    """Return where a range is quietest; of what is about as quiet, what is nearer to its middle.

    A pause before a soft speaker may hold his first words.
    """
    smooth = _averaged(levels[first:last], round(SHORTEST_PAUSE_S / LEVEL_S) | 1)
    off_centre = np.abs(np.linspace(-1, 1, len(smooth)))
    return first + int((smooth + OFF_CENTRE_DB * off_centre).argmin())


def _averaged(levels: Levels, width: int) -> Levels:
    """Average each level with those around it, `width` in all, an odd number."""
    padded = np.pad(levels, width // 2, mode="edge")
    averaged: Levels = np.convolve(padded, np.ones(width) / width, mode="valid")
    return averaged
