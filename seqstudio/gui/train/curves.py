"""The curves of a training: series by name, thinned out to pixels, smoothed, and read at a step."""

from array import array
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from seqstudio.services.events import Evaluated, Event, Step

Dash = Literal["solid", "dash", "dot", "dashdot"]
Marker = Literal["none", "circle", "square", "triangle", "diamond"]
Values = npt.NDArray[np.float64]

DASHES: tuple[Dash, ...] = ("solid", "dash", "dot", "dashdot")
MARKERS: tuple[Marker, ...] = ("circle", "square", "triangle", "diamond")
UNITS = {
    "wer": "share wrong",
    "cer": "share wrong",
    "nll_per_frame": "nats a frame",
    "nll_per_token": "nats a token",
    "nats_per_16th": "nats a sixteenth",
}
SHOWN_FIGURES = 2  # of the valid split, at first


class Series:
    """Values over training steps, which ascend."""

    def __init__(self, name: str, dash: Dash = "solid", marker: Marker = "none") -> None:
        self.name, self.dash, self.marker = name, dash, marker
        self.shown = True
        self._steps, self._values = array("d"), array("d")

    def __len__(self) -> int:
        return len(self._steps)

    def add(self, step: int, value: float) -> None:
        """Add a value; what came later than its step was undone by going back to a checkpoint."""
        while self._steps and self._steps[-1] >= step:
            self._steps.pop()
            self._values.pop()
        self._steps.append(step)
        self._values.append(value)

    def points(self) -> tuple[Values, Values]:
        """Give the steps and the values, (N,) each."""
        return np.array(self._steps), np.array(self._values)

    def at(self, step: float) -> tuple[int, float] | None:
        """Give the step nearest to one that is pointed at, and its value."""
        after = bisect_left(self._steps, step)
        near = [at for at in (after - 1, after) if 0 <= at < len(self._steps)]
        if not near:
            return None
        nearest = min(near, key=lambda at: abs(self._steps[at] - step))
        return int(self._steps[nearest]), self._values[nearest]


@dataclass(slots=True)
class Panel:
    """One chart: series that share a unit."""

    title: str
    unit: str
    log: bool = False
    series: list[Series] = field(default_factory=list)

    def visible(self) -> list[Series]:
        """Give the series that are drawn."""
        return [one for one in self.series if one.shown and len(one)]

    def named(self, name: str) -> Series:
        """Give a series, made where there is none yet, with a line and a marker of its own."""
        for one in self.series:
            if one.name == name:
                return one
        number = len(self.series)
        made = Series(name, DASHES[number % len(DASHES)], MARKERS[number % len(MARKERS)])
        made.shown = number < SHOWN_FIGURES
        self.series.append(made)
        return made


class Curves:
    """What the events of a training say, as charts."""

    def __init__(self) -> None:
        self.loss = Panel("Training loss", "mean of each step")
        self.valid = Panel("Valid split", "lower is better")
        self.rate = Panel("Learning rate", "of each step")
        self.norm = Panel("Gradient norm", "before clipping", log=True)
        self.smoothing = 1  # steps that the training loss is averaged over
        self.last = 0  # step
        self._train = Series("training loss")
        self._rate = Series("learning rate")
        self._norm = Series("gradient norm")
        self.loss.series = [self._train]
        self.rate.series = [self._rate]
        self.norm.series = [self._norm]

    @property
    def panels(self) -> tuple[Panel, ...]:
        """Every chart, in reading order."""
        return self.loss, self.valid, self.rate, self.norm

    def hear(self, event: Event) -> None:
        """Take in one event; others than steps and evaluations change nothing."""
        match event:
            case Step():
                self.last = event.step
                self._train.add(event.step, event.loss)
                self._rate.add(event.step, event.learning_rate)
                self._norm.add(event.step, event.gradient_norm)
            case Evaluated():
                self._measured(event)

    def _measured(self, event: Evaluated) -> None:
        names = [event.monitor, *(name for name in event.figures if name != event.monitor)]
        for name in names:
            if name in event.figures:
                self.valid.named(name).add(event.step, event.figures[name])
        self.valid.unit = UNITS.get(event.monitor, "lower is better")

    def read(self, step: float) -> list[tuple[str, int, str]]:
        """Give what the visible curves hold at a step: name, step and value."""
        found = []
        for panel in self.panels:
            for one in panel.visible():
                if point := one.at(step):
                    found.append((one.name, point[0], f"{point[1]:.4g}"))
        return found


def thinned(
    steps: Values, values: Values, *, first: float, last: float, pixels: int
) -> tuple[Values, Values]:
    """Keep what can be seen: in every column of pixels the least and the greatest value.

    Parameters
    ----------
    steps : (N,) ascending
    values : (N,)
    first, last : steps at the left and the right edge
    pixels : columns

    Returns
    -------
    steps and values, (K,) each, K at most 2 (pixels + 2); one point beyond either edge is kept

    >>> thinned(np.arange(4.0), np.array([1.0, 9, 2, 3]), first=0, last=4, pixels=1)[1]
    array([1., 9.])
    """
    begin = max(int(np.searchsorted(steps, first)) - 1, 0)
    end = min(int(np.searchsorted(steps, last, side="right")) + 1, len(steps))
    steps, values = steps[begin:end], values[begin:end]
    if len(steps) <= 2 * pixels or last <= first:
        return steps, values
    columns = np.clip((steps - first) * (pixels / (last - first)), -1, pixels).astype(np.int64)
    starts = np.flatnonzero(np.diff(columns, prepend=columns[0] - 1))
    middle = (np.add.reduceat(steps, starts)) / np.diff(starts, append=len(steps))
    low, high = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
    return np.repeat(middle, 2), np.stack([low, high], axis=1).ravel()


def smoothed(values: Values, window: int) -> Values:
    """Average each value with those before it, `window` in all, fewer at the start; (N,).

    >>> smoothed(np.array([2.0, 4, 6]), 2)
    array([2., 3., 5.])
    """
    if window <= 1 or not len(values):
        return values
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - window, 0)
    return np.asarray((sums[ends] - sums[starts]) / (ends - starts))


def value_span(panel: Panel, first: float, last: float) -> tuple[float, float] | None:
    """Give the least and greatest value that is seen, with some room; None where there is none."""
    seen = [part for one in panel.visible() if len(part := _seen(one, first, last))]
    if panel.log:
        seen = [part[part > 0] for part in seen if (part > 0).any()]
    if not seen:
        return None
    low, high = min(part.min() for part in seen), max(part.max() for part in seen)
    if panel.log:
        return float(low) / 1.5, float(high) * 1.5
    room = 0.06 * (high - low) or 0.1 * abs(high) or 1.0
    return float(low - room), float(high + room)


def _seen(series: Series, first: float, last: float) -> Values:
    steps, values = series.points()
    return values[(steps >= first) & (steps <= last) & np.isfinite(values)]


def ticks(low: float, high: float, wanted: int) -> list[float]:
    """Give round numbers between two values, about as many as wanted.

    >>> ticks(0, 10, 5)
    [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    """
    if not high > low:
        return [low]
    power = 10.0 ** np.floor(np.log10((high - low) / max(wanted, 1)))
    found = [_multiples(size * power, low, high) for size in (1, 2, 5, 10)]
    return min(found, key=lambda one: abs(len(one) - wanted))


def _multiples(size: float, low: float, high: float) -> list[float]:
    first, last = int(np.ceil(low / size - 1e-9)), int(np.floor(high / size + 1e-9))
    return [float(f"{number * size:.12g}") for number in range(first, last + 1)]


def log_ticks(low: float, high: float, wanted: int) -> list[float]:
    """Give 1, 2 and 5 times the powers of ten between two positive values, or those powers alone.

    >>> log_ticks(0.5, 200, 3), log_ticks(3, 30, 3)
    ([1.0, 10.0, 100.0], [5.0, 10.0, 20.0])
    """
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    found = [one * 10.0**power for power in powers for one in (1, 2, 5)]
    found = [one for one in found if low <= one <= high]
    if len(found) > wanted + 2:
        found = [10.0**power for power in powers if low <= 10.0**power <= high]
        found = found[:: -(-len(found) // max(wanted, 1))]
    return found if len(found) > 1 else ticks(low, high, wanted)
