"""What a model of voices is told of each step in advance.

How far the end is and which key it is in are sometimes unknown: always when a piece is measured,
and half the time in training, so that one model can be measured without a look ahead and can be
asked for a key and a cadence.
"""

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


def covariates(grid: Grid, *, key: int | None, end_known: bool) -> NDArray[np.int64]:
    """Give (T, 5): position in bar, meter, bar of eight, quarters until the end, key."""
    steps = grid.steps
    end = np.full(steps, UNKNOWN_END)
    if end_known:
        end = np.minimum((steps - 1 - np.arange(steps)) // 4, BEATS_LEFT - 1)
    return np.stack(
        [
            np.minimum(grid.positions, POSITIONS - 1),
            grid.meters,
            grid.bar_numbers % PHRASE,
            end,
            np.full(steps, UNKNOWN_KEY if key is None else key),
        ],
        axis=1,
    )
