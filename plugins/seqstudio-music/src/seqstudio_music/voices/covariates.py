"""The covariates of a model of voices: what it knows about each step in advance.

The distance to the end and the key can be unknown. They are unknown in measurements, which
therefore use no information about the future, and for half of the pieces in training each, so that
the same model can also compose in a given key towards a planned end.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqstudio_music.grid import OTHER_METER, Grid
from seqstudio_music.keys import KEYS_COUNT

POSITIONS = 32  # steps in a bar; later ones count as the last
PHRASE_BARS = 8
BEATS_TO_END = 16  # quarter notes to the end: 0 to 14, and 15 for more
UNKNOWN_END = BEATS_TO_END
UNKNOWN_KEY = KEYS_COUNT
STEP_SIZES = (POSITIONS, OTHER_METER + 1, PHRASE_BARS, BEATS_TO_END + 1, KEYS_COUNT + 1, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The meters and positions that occur in the training data; others map to the nearest."""

    meters: tuple[int, ...] = (0,)  # meter classes, the most frequent first
    last_position: int = POSITIONS - 1

    @classmethod
    def of(cls, grids: Sequence[Grid]) -> "Bounds":
        """Return the bounds of some pieces."""
        counts = Counter(int(meter) for grid in grids for meter in grid.meters)
        last = max((int(grid.positions.max()) for grid in grids if grid.steps), default=0)
        meters = tuple(meter for meter, _ in counts.most_common())
        return cls(meters=meters or (0,), last_position=min(last, POSITIONS - 1))


def covariate_sizes(voices: int) -> tuple[int, ...]:
    """Return the number of values of each covariate of a token, with so many voices."""
    return (STEP_SIZES[0] * voices, *STEP_SIZES[1:])


def of_tokens(steps: NDArray[np.int64], voices: int) -> NDArray[np.int64]:
    """Return the (T * S, 6) covariates of each token, from the (T, 6) of each step.

    The first one then is the position in the bar times the number of voices, plus the voice.
    """
    tokens = np.repeat(steps, voices, axis=0)
    tokens[:, 0] = tokens[:, 0] * voices + np.arange(len(tokens)) % voices
    return tokens


def covariates(
    grid: Grid, bounds: Bounds, *, key: int | None, end_known: bool, alone: bool = False
) -> NDArray[np.int64]:
    """Return the covariates of each step.

    Parameters
    ----------
    alone : whether a melody has no chords throughout

    Returns
    -------
    (T, 6): position in the bar, meter class, number of the bar modulo 8, quarter notes to the end,
    key, whether the melody is alone
    """
    steps = grid.steps
    end = np.full(steps, UNKNOWN_END)
    if end_known:
        end = np.minimum((steps - 1 - np.arange(steps)) // 4, BEATS_TO_END - 1)
    known = np.isin(grid.meters, bounds.meters)
    return np.stack(
        [
            np.minimum(grid.positions, bounds.last_position),
            np.where(known, grid.meters, bounds.meters[0]),
            grid.bar_numbers % PHRASE_BARS,
            end,
            np.full(steps, UNKNOWN_KEY if key is None else key),
            np.full(steps, int(alone)),
        ],
        axis=1,
    )
