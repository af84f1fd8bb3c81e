"""Bars, beats and the grid that notes snap to, for a score of any length."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seqstudio.media.timing import Timeline


@dataclass(frozen=True, slots=True)
class Grid:
    """One choice of the grid: `step` in whole notes, None for none."""

    name: str
    step: Fraction | None

    def ticks(self, ticks_per_beat: int) -> Fraction:
        """Give the distance of two lines; 1 tick where there is no grid."""
        return Fraction(1) if self.step is None else self.step * 4 * ticks_per_beat


GRIDS = (
    Grid("1/4", Fraction(1, 4)),
    Grid("1/4 triplet", Fraction(1, 6)),
    Grid("1/8", Fraction(1, 8)),
    Grid("1/8 triplet", Fraction(1, 12)),
    Grid("1/16", Fraction(1, 16)),
    Grid("1/16 triplet", Fraction(1, 24)),
    Grid("1/32", Fraction(1, 32)),
    Grid("Off", None),
)
SIXTEENTHS = GRIDS[4]


@dataclass(frozen=True, slots=True)
class Line:
    """A vertical line: a bar with its number, or a beat of it."""

    tick: int
    bar: int  # from 1
    beat: int  # from 1; 1 is the bar itself


@dataclass(frozen=True, slots=True)
class _Stretch:
    """From one change of meter to the next."""

    tick: int
    bar: int  # its first, from 1
    bar_ticks: int
    beats: int


@dataclass(frozen=True, slots=True)
class Bars:
    """Where bars and beats are. Nothing is listed: a score may be of any length."""

    stretches: tuple[_Stretch, ...]

    @classmethod
    def of(cls, timeline: Timeline) -> "Bars":
        """Read the meters; a change of meter begins a bar."""
        found: list[_Stretch] = []
        for meter in timeline.meters:
            bar = 1
            if found:
                before = found[-1]
                bar = before.bar + ceil((meter.tick - before.tick) / before.bar_ticks)
            length = meter.bar_ticks(timeline.ticks_per_beat)
            found.append(_Stretch(meter.tick, bar, length, meter.beats))
        return cls(tuple(found))

    def at(self, tick: float) -> tuple[Line, int]:
        """Give the bar that holds a tick, and its length in ticks."""
        number = max(bisect_right([s.tick for s in self.stretches], tick) - 1, 0)
        stretch = self.stretches[number]
        count = int(max(tick - stretch.tick, 0) // stretch.bar_ticks)
        start = stretch.tick + count * stretch.bar_ticks
        length = stretch.bar_ticks
        if number + 1 < len(self.stretches):
            length = min(length, self.stretches[number + 1].tick - start)
        return Line(start, stretch.bar + count, 1), length

    def beat(self, tick: float) -> Fraction:
        """Say on which beat of its bar a tick is, from 1; a beat is what the meter counts."""
        bar, _ = self.at(tick)
        number = max(bisect_right([s.tick for s in self.stretches], tick) - 1, 0)
        stretch = self.stretches[number]
        return Fraction(tick - bar.tick) * stretch.beats / stretch.bar_ticks + 1

    def lines(self, first_tick: float, stop_tick: float, least: float) -> Iterator[Line]:
        """Give the lines between two ticks, none nearer to another of its kind than `least` ticks.

        Beats come where there is room for them; else bars; else every second, fourth... bar.
        """
        for number, stretch in enumerate(self.stretches):
            stop = stop_tick
            if number + 1 < len(self.stretches):
                stop = min(stop, self.stretches[number + 1].tick)
            if stop > first_tick or number + 1 == len(self.stretches):
                yield from _lines(stretch, first_tick, stop, least)

    def grid(self, first_tick: float, stop_tick: float, step: Fraction) -> Iterator[int]:
        """Give the lines of the grid between two ticks; each bar begins it anew."""
        bar, length = self.at(first_tick)
        while bar.tick < stop_tick:
            count = -(-length // step)
            for number in range(int(count)):
                if first_tick <= (tick := bar.tick + round(number * step)) < stop_tick:
                    yield tick
            bar, length = self.at(bar.tick + length)

    def snapped(self, ticks: ArrayLike, step: Fraction) -> NDArray[np.int64]:
        """Give the grid line nearest to each tick, counted from the start of its bar.

        Parameters
        ----------
        ticks : any shape
        step : ticks

        Returns
        -------
        of the same shape
        """
        at = np.maximum(np.asarray(ticks), 0)
        starts = np.array([stretch.tick for stretch in self.stretches])
        stops = np.append(starts[1:], np.iinfo(np.int64).max)
        number = np.maximum(starts.searchsorted(at, "right") - 1, 0)
        length = np.array([stretch.bar_ticks for stretch in self.stretches])[number]
        within = (at - starts[number]) % length
        start = at - within
        steps = within * step.denominator // step.numerator
        before, after = (np.rint(float(step) * n).astype(np.int64) for n in (steps, steps + 1))
        after = np.minimum(after, np.minimum(length, stops[number] - start))
        nearest = np.where(within - before < after - within, before, after)
        lines: NDArray[np.int64] = start.astype(np.int64) + nearest
        return lines

    def floored(self, tick: float, step: Fraction) -> int:
        """Give the grid line at or before a tick, counted from the start of its bar."""
        bar, _ = self.at(max(tick, 0))
        return bar.tick + round(Fraction(max(tick, 0) - bar.tick) // step * step)


def _lines(stretch: _Stretch, first: float, stop: float, least: float) -> Iterator[Line]:
    beat_ticks = stretch.bar_ticks / stretch.beats
    beats = stretch.beats if beat_ticks >= least else 1
    every = 1
    while stretch.bar_ticks * every < least:
        every *= 2
    stride = stretch.bar_ticks * every
    count = max(int((first - stretch.tick) // stride), 0) * every
    while (start := stretch.tick + count * stretch.bar_ticks) < stop:
        for beat in range(beats if every == 1 else 1):
            tick = round(start + beat * beat_ticks)
            if first <= tick < stop:
                yield Line(tick, stretch.bar + count, beat + 1)
        count += every
