"""The grid of sixteenths: every bar of a score, in any meter, cut into steps."""

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


def meter_class(beats: int, unit: int) -> int:
    """Give the number of a meter; all that models do not know share one."""
    return METERS.index((beats, unit)) if (beats, unit) in METERS else OTHER_METER


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; `skipped` steps of it are missing at its beginning (an upbeat)."""

    ticks: int  # length of what is there
    beats: int
    unit: int
    skipped: int = 0


@dataclass(frozen=True)
class Grid:
    """Bars from tick 0 on, and their steps: a sixteenth each, the last of a bar perhaps shorter."""

    bars: tuple[Bar, ...]
    ticks_per_beat: int

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """Steps of each bar."""
        return tuple(
            max(1, -(-bar.ticks * STEPS_PER_BEAT // self.ticks_per_beat)) for bar in self.bars
        )

    @cached_property
    def ticks(self) -> NDArray[np.int64]:
        """Onset of every step, then the end of the last one: (T + 1,)."""
        onsets, start = [], 0
        for bar, count in zip(self.bars, self.counts, strict=True):
            onsets += [start + n * self.ticks_per_beat // STEPS_PER_BEAT for n in range(count)]
            start += bar.ticks
        return np.array([*onsets, start], dtype=np.int64)

    @property
    def steps(self) -> int:
        """How many steps there are."""
        return sum(self.counts)

    @cached_property
    def positions(self) -> NDArray[np.int64]:
        """Step within its bar: (T,)."""
        parts = [bar.skipped + np.arange(n) for bar, n in zip(self.bars, self.counts, strict=True)]
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)

    @cached_property
    def bar_numbers(self) -> NDArray[np.int64]:
        """Bar of each step, from 0; an upbeat has -1: (T,)."""
        upbeat = 1 if self.bars and self.bars[0].skipped else 0
        return np.repeat(np.arange(len(self.bars)) - upbeat, self.counts)

    @cached_property
    def meters(self) -> NDArray[np.int64]:
        """Meter class of each step: (T,)."""
        return np.repeat([meter_class(bar.beats, bar.unit) for bar in self.bars], self.counts)

    def step_at(self, tick: int) -> int:
        """Give the step whose onset is nearest, the earlier of two; T is the end."""
        after = int(np.searchsorted(self.ticks, tick))
        if after == 0:
            return 0
        after = min(after, self.steps)
        before = after - 1
        return before if tick - self.ticks[before] <= self.ticks[after] - tick else after

    def extended(self, bars: int) -> "Grid":
        """Append bars in the last bar's meter, each of full length."""
        last = self.bars[-1]
        whole = whole_bar(last.beats, last.unit, self.ticks_per_beat)
        return Grid((*self.bars, *[whole] * bars), self.ticks_per_beat)


def whole_bar(beats: int, unit: int, ticks_per_beat: int) -> Bar:
    """Make a bar of full length."""
    return Bar(Meter(0, beats, unit).bar_ticks(ticks_per_beat), beats, unit)


def grid_of_score(score: Score, end_tick: int) -> Grid:
    """Lay the grid of a score's own meters until the end of the bar that holds `end_tick`."""
    starts = score.tempo_map.bars(max(end_tick, 1))
    changes = [meter.tick for meter in score.meters]
    bars = []
    for start, end in pairwise(starts):
        meter = score.meters[bisect_right(changes, start) - 1]
        bars.append(Bar(end - start, meter.beats, meter.unit))
    return Grid(tuple(bars), score.ticks_per_beat)


def chorale_grid(steps: int, ticks_per_beat: int = 480) -> Grid:
    """Lay bars of 4/4 on sixteenths without a meter, so that the last bar ends with the piece.

    What is left over at the beginning is an upbeat.
    """
    upbeat, whole = steps % 16, steps // 16
    sixteenth = ticks_per_beat // STEPS_PER_BEAT
    bars = [Bar(upbeat * sixteenth, 4, 4, skipped=16 - upbeat)] if upbeat else []
    bars += [Bar(4 * ticks_per_beat, 4, 4)] * whole
    return Grid(tuple(bars), ticks_per_beat)
