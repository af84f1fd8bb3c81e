"""The grid of sixteenths: the bars of a score, in any meter, divided into steps."""

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from seqstudio.api.media import Meter, Score

METERS = ((4, 4), (3, 4), (6, 8), (2, 2), (2, 4), (9, 8), (3, 2), (12, 8))
OTHER_METER = len(METERS)
STEPS_PER_BEAT = 4
TICKS_PER_BEAT = 480  # of new scores


def meter_class(beats: int, unit: int) -> int:
    """Return the index of a meter in `METERS`; all other meters share `OTHER_METER`."""
    return METERS.index((beats, unit)) if (beats, unit) in METERS else OTHER_METER


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, or an upbeat, which lacks its first `skipped` steps."""

    ticks: int  # length, without the skipped steps
    beats: int
    unit: int
    skipped: int = 0


@dataclass(frozen=True)
class Grid:
    """Bars from tick 0 on, divided into sixteenths; the last step of a bar may be shorter."""

    bars: tuple[Bar, ...]
    ticks_per_beat: int

    @cached_property
    def steps_per_bar(self) -> tuple[int, ...]:
        """Number of steps of each bar."""
        return tuple(
            max(1, -(-bar.ticks * STEPS_PER_BEAT // self.ticks_per_beat)) for bar in self.bars
        )

    @cached_property
    def ticks(self) -> NDArray[np.int64]:
        """Onset of each step, and the end of the last one: (T + 1,), ticks."""
        onsets, start = [], 0
        for bar, count in zip(self.bars, self.steps_per_bar, strict=True):
            onsets += [start + n * self.ticks_per_beat // STEPS_PER_BEAT for n in range(count)]
            start += bar.ticks
        return np.array([*onsets, start], dtype=np.int64)

    @property
    def steps(self) -> int:
        """Number of steps of all bars, T."""
        return sum(self.steps_per_bar)

    @cached_property
    def positions(self) -> NDArray[np.int64]:
        """Position of each step within its bar, in steps: (T,)."""
        counts = zip(self.bars, self.steps_per_bar, strict=True)
        positions = [bar.skipped + np.arange(count) for bar, count in counts]
        return np.concatenate(positions) if positions else np.empty(0, dtype=np.int64)

    @cached_property
    def bar_of(self) -> NDArray[np.int64]:
        """Index in `bars` of each step: (T,)."""
        return np.repeat(np.arange(len(self.bars)), self.steps_per_bar)

    @cached_property
    def bar_slices(self) -> tuple[slice, ...]:
        """The steps of each bar."""
        ends = np.cumsum(self.steps_per_bar).tolist()
        return tuple(map(slice, [0, *ends], ends))

    @property
    def bar_numbers(self) -> NDArray[np.int64]:
        """Bar of each step, from 0; an upbeat is bar -1: (T,)."""
        return self.bar_of - (1 if self.bars and self.bars[0].skipped else 0)

    @cached_property
    def meters(self) -> NDArray[np.int64]:
        """Meter class of each step: (T,)."""
        return np.repeat(
            [meter_class(bar.beats, bar.unit) for bar in self.bars], self.steps_per_bar
        )

    def step_at(self, tick: int) -> int:
        """Return the step whose onset is nearest, the earlier one of two; T for the end."""
        after = int(np.searchsorted(self.ticks, tick))
        if after == 0:
            return 0
        after = min(after, self.steps)
        before = after - 1
        return before if tick - self.ticks[before] <= self.ticks[after] - tick else after

    def onset_step(self, tick: int) -> int:
        """Return the step in which a note begins: the nearest one, at most the last."""
        return min(self.step_at(tick), self.steps - 1)

    def extended(self, bars: int) -> "Grid":
        """Return the grid with `bars` full bars added in the last bar's meter."""
        last = self.bars[-1]
        whole = whole_bar(last.beats, last.unit, self.ticks_per_beat)
        return Grid((*self.bars, *[whole] * bars), self.ticks_per_beat)


def whole_bar(beats: int, unit: int, ticks_per_beat: int) -> Bar:
    """Return a bar of full length."""
    return Bar(Meter(0, beats, unit).bar_ticks(ticks_per_beat), beats, unit)


def grid_of_score(score: Score, end_tick: int) -> Grid:
    """Return the grid of a score's meters, up to the end of the bar that contains `end_tick`."""
    starts = score.tempo_map.bars(max(end_tick, 1))
    changes = [meter.tick for meter in score.meters]
    bars = []
    for start, end in pairwise(starts):
        meter = score.meters[bisect_right(changes, start) - 1]
        bars.append(Bar(end - start, meter.beats, meter.unit))
    return Grid(tuple(bars), score.ticks_per_beat)


def new_grid(bars: int, meter: tuple[int, int]) -> Grid:
    """Return the grid of a new score: bars of one meter."""
    return Grid((whole_bar(*meter, TICKS_PER_BEAT),) * bars, TICKS_PER_BEAT)


def chorale_grid(steps: int, ticks_per_beat: int = TICKS_PER_BEAT) -> Grid:
    """Return bars of 4/4 for a piece without bar lines, so that the last bar ends with the piece.

    The steps before the first full bar are an upbeat.
    """
    upbeat, whole = steps % 16, steps // 16
    sixteenth = ticks_per_beat // STEPS_PER_BEAT
    bars = [Bar(upbeat * sixteenth, 4, 4, skipped=16 - upbeat)] if upbeat else []
    bars += [Bar(4 * ticks_per_beat, 4, 4)] * whole
    return Grid(tuple(bars), ticks_per_beat)
