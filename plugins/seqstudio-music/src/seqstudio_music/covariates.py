"""What a model of voices is told of each step in advance.

How far the end is and which key it is in are sometimes unknown: always when a piece is measured,
and half the time in training, so that one model can be measured without a look ahead and can be
asked for a key and a cadence.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqstudio_music.grid import OTHER_METER, Grid
from seqstudio_music.keys import KEYS_COUNT

POSITIONS = 32  # steps in a bar; later ones count as the last
PHRASE = 8  # bars
BEATS_LEFT = 16  # quarter notes until the end, 15 for more; then one for unknown
UNKNOWN_END = BEATS_LEFT
UNKNOWN_KEY = KEYS_COUNT
SIZES = (POSITIONS, OTHER_METER + 1, PHRASE, BEATS_LEFT + 1, KEYS_COUNT + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What of meters and bars training has shown; all else is taken for the nearest of it."""

    meters: tuple[int, ...] = (0,)  # meter classes, the most frequent first
    last_position: int = POSITIONS - 1

    @classmethod
    def of(cls, grids: Sequence[Grid]) -> "Bounds":
        """Find the bounds of some pieces."""
        counts = Counter(int(meter) for grid in grids for meter in grid.meters)
        last = max((int(grid.positions.max()) for grid in grids if grid.steps), default=0)
        meters = tuple(meter for meter, _ in counts.most_common())
        return cls(meters=meters or (0,), last_position=min(last, POSITIONS - 1))


def covariates(
    grid: Grid, bounds: Bounds, *, key: int | None, end_known: bool
) -> NDArray[np.int64]:
    """Give (T, 5): position in bar, meter, bar of eight, quarters until the end, key."""
    steps = grid.steps
    end = np.full(steps, UNKNOWN_END)
    if end_known:
        end = np.minimum((steps - 1 - np.arange(steps)) // 4, BEATS_LEFT - 1)
    shown = np.isin(grid.meters, bounds.meters)
    return np.stack(
        [
            np.minimum(grid.positions, bounds.last_position),
            np.where(shown, grid.meters, bounds.meters[0]),
            grid.bar_numbers % PHRASE,
            end,
            np.full(steps, UNKNOWN_KEY if key is None else key),
        ],
        axis=1,
    )
