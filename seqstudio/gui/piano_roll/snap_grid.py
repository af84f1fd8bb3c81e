"""Bars, beats and the grid that notes snap to, for scores of any length."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seqstudio.media.tempo_map import TempoMap


@dataclass(frozen=True, slots=True)
class SnapGrid:
    """A grid setting: `step` in whole notes, None for no grid."""

    name: str
    step: Fraction | None

    def ticks(self, ticks_per_beat: int) -> Fraction:
        """Return the ticks between two grid lines; 1 if there is no grid."""
        return Fraction(1) if self.step is None else self.step * 4 * ticks_per_beat


SNAP_GRIDS = (
    SnapGrid("1/4", Fraction(1, 4)),
    SnapGrid("1/4 triplet", Fraction(1, 6)),
    SnapGrid("1/8", Fraction(1, 8)),
    SnapGrid("1/8 triplet", Fraction(1, 12)),
    SnapGrid("1/16", Fraction(1, 16)),
    SnapGrid("1/16 triplet", Fraction(1, 24)),
    SnapGrid("1/32", Fraction(1, 32)),
    SnapGrid("Off", None),
)
SIXTEENTH_GRID = SNAP_GRIDS[4]


@dataclass(frozen=True, slots=True)
class GridLine:
    """A vertical line: the start of a bar, or a beat in it."""

    tick: int
    bar: int  # from 1
    beat: int  # from 1; 1 is the start of the bar


@dataclass(frozen=True, slots=True)
class _MeterSpan:
    """The bars from one change of meter to the next."""

    tick: int
    bar: int  # its first, from 1
    bar_ticks: int
    beats: int


@dataclass(frozen=True, slots=True)
class Bars:
    """Positions of bars and beats, computed on demand so that a score may have any length."""

    meter_spans: tuple[_MeterSpan, ...]

    @classmethod
    def of(cls, tempo_map: TempoMap) -> "Bars":
        """Return the bars of a timeline; a change of meter starts a bar."""
        found: list[_MeterSpan] = []
        for meter in tempo_map.meters:
            bar = 1
            if found:
                before = found[-1]
                bar = before.bar + ceil((meter.tick - before.tick) / before.bar_ticks)
            length = meter.bar_ticks(tempo_map.ticks_per_beat)
            found.append(_MeterSpan(meter.tick, bar, length, meter.beats))
        return cls(tuple(found))

    def bar_at(self, tick: float) -> tuple[GridLine, int]:
        """Return the start of the bar that contains a tick, and the bar's length in ticks."""
        number = max(bisect_right([s.tick for s in self.meter_spans], tick) - 1, 0)
        span = self.meter_spans[number]
        count = int(max(tick - span.tick, 0) // span.bar_ticks)
        start = span.tick + count * span.bar_ticks
        length = span.bar_ticks
        if number + 1 < len(self.meter_spans):
            length = min(length, self.meter_spans[number + 1].tick - start)
        return GridLine(start, span.bar + count, 1), length

    def beat(self, tick: float) -> Fraction:
        """Return the beat of a tick in its bar, from 1, in the beats of the meter."""
        bar, _ = self.bar_at(tick)
        number = max(bisect_right([s.tick for s in self.meter_spans], tick) - 1, 0)
        span = self.meter_spans[number]
        return Fraction(tick - bar.tick) * span.beats / span.bar_ticks + 1

    def lines(self, first_tick: float, stop_tick: float, least: float) -> Iterator[GridLine]:
        """Yield the lines between two ticks, with at least `least` ticks between two of a kind.

        These are beats if they are far enough apart, else bars, else every second, fourth... bar.
        """
        for number, span in enumerate(self.meter_spans):
            stop = stop_tick
            if number + 1 < len(self.meter_spans):
                stop = min(stop, self.meter_spans[number + 1].tick)
            if stop > first_tick or number + 1 == len(self.meter_spans):
                yield from _span_lines(span, first_tick, stop, least)

    def grid_lines(self, first_tick: float, stop_tick: float, step: Fraction) -> Iterator[int]:
        """Yield the grid lines between two ticks; the grid restarts at each bar."""
        bar, length = self.bar_at(first_tick)
        while bar.tick < stop_tick:
            count = -(-length // step)
            for number in range(int(count)):
                if first_tick <= (tick := bar.tick + round(number * step)) < stop_tick:
                    yield tick
            bar, length = self.bar_at(bar.tick + length)

    def snapped(self, ticks: ArrayLike, step: Fraction) -> NDArray[np.int64]:
        """Return the grid line nearest to each tick, counted from the start of its bar.

        Parameters
        ----------
        ticks : any shape
        step : ticks

        Returns
        -------
        ticks, of the same shape
        """
        at = np.maximum(np.asarray(ticks), 0)
        starts = np.array([span.tick for span in self.meter_spans])
        stops = np.append(starts[1:], np.iinfo(np.int64).max)
        number = np.maximum(starts.searchsorted(at, "right") - 1, 0)
        length = np.array([span.bar_ticks for span in self.meter_spans])[number]
        within = (at - starts[number]) % length
        start = at - within
        steps = within * step.denominator // step.numerator
        before, after = (np.rint(float(step) * n).astype(np.int64) for n in (steps, steps + 1))
        after = np.minimum(after, np.minimum(length, stops[number] - start))
        nearest = np.where(within - before < after - within, before, after)
        lines: NDArray[np.int64] = start.astype(np.int64) + nearest
        return lines

    def floored(self, tick: float, step: Fraction) -> int:
        """Return the grid line at or before a tick, counted from the start of its bar."""
        bar, _ = self.bar_at(max(tick, 0))
        return bar.tick + round(Fraction(max(tick, 0) - bar.tick) // step * step)


def _span_lines(span: _MeterSpan, first: float, stop: float, least: float) -> Iterator[GridLine]:
    beat_ticks = span.bar_ticks / span.beats
    beats = span.beats if beat_ticks >= least else 1
    every = 1
    while span.bar_ticks * every < least:
        every *= 2
    stride = span.bar_ticks * every
    count = max(int((first - span.tick) // stride), 0) * every
    while (start := span.tick + count * span.bar_ticks) < stop:
        for beat in range(beats if every == 1 else 1):
            tick = round(start + beat * beat_ticks)
            if first <= tick < stop:
                yield GridLine(tick, span.bar + count, beat + 1)
        count += every
