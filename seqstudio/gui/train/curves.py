"""The curves of a training: named series, downsampled to pixels, smoothed, and read at a step."""

from array import array
from bisect import bisect_left
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from seqstudio.gui.widgets.metric_text import metric_text
from seqstudio.services.events import Evaluated, Event, TrainingStep

Dash = Literal["solid", "dash", "dot", "dashdot"]
Marker = Literal["none", "circle", "square", "triangle", "diamond"]
Values = npt.NDArray[np.float64]

DASHES: tuple[Dash, ...] = ("solid", "dash", "dot", "dashdot")
MARKERS: tuple[Marker, ...] = ("circle", "square", "triangle", "diamond")
SHOWN_METRICS = 2  # validation metrics that are visible at first


class Series:
    """Values by training step, in ascending order."""

    def __init__(self, name: str, dash: Dash = "solid", marker: Marker = "none") -> None:
        self.name, self.dash, self.marker = name, dash, marker
        self.run = ""  # named in the legend where it is another than the one that is shown
        self.shown = True
        self._steps, self._values = array("d"), array("d")

    def __len__(self) -> int:
        return len(self._steps)

    def add(self, step: int, value: float) -> None:
        """Add a value; later steps are removed, as training went back to a checkpoint."""
        while self._steps and self._steps[-1] >= step:
            self._steps.pop()
            self._values.pop()
        self._steps.append(step)
        self._values.append(value)

    def points(self) -> tuple[Values, Values]:
        """Return the steps and the values, (N,) each."""
        return np.array(self._steps), np.array(self._values)

    def of_run(self, run: str) -> "Series":
        """Return this series as that of another run: dashed, with its name, the same values."""
        other = Series(self.name, "dash", self.marker)
        other.run, other._steps, other._values = run, self._steps, self._values
        return other

    def nearest(self, step: float) -> tuple[int, float] | None:
        """Return the nearest step that has a value, and the value."""
        after = bisect_left(self._steps, step)
        candidates = [at for at in (after - 1, after) if 0 <= at < len(self._steps)]
        if not candidates:
            return None
        nearest = min(candidates, key=lambda at: abs(self._steps[at] - step))
        return int(self._steps[nearest]), self._values[nearest]


@dataclass(slots=True)
class ChartData:
    """The series of one chart; they share a unit."""

    title: str
    unit: str
    log: bool = False
    smooth: bool = False  # whether it is averaged over steps where the user wants that
    series: list[Series] = field(default_factory=list)

    def visible(self) -> list[Series]:
        """Return the series that are drawn."""
        return [one for one in self.series if one.shown and len(one)]

    def over(self, other: "ChartData", run: str) -> "ChartData":
        """Return this chart with the curves of another run."""
        return replace(self, series=[*self.series, *(one.of_run(run) for one in other.visible())])

    def series_named(self, name: str) -> Series:
        """Return the series of a name; a new one gets a line style and a marker of its own."""
        for series in self.series:
            if series.name == name:
                return series
        number = len(self.series)
        series = Series(name, DASHES[number % len(DASHES)], MARKERS[number % len(MARKERS)])
        series.shown = number < SHOWN_METRICS
        self.series.append(series)
        return series


class Curves:
    """The events of a training as charts."""

    def __init__(self) -> None:
        self.loss = ChartData("Training loss", "mean per step", smooth=True)
        self.valid = ChartData("Validation error", "lower is better")
        self.rate = ChartData("Learning rate", "per step")
        self.norm = ChartData("Gradient norm", "before clipping", log=True)
        self.smoothing = 1  # number of steps over which the training loss is averaged
        self.last = 0  # the newest step
        self._train = Series("training loss")
        self._rate = Series("learning rate")
        self._norm = Series("gradient norm")
        self.loss.series = [self._train]
        self.rate.series = [self._rate]
        self.norm.series = [self._norm]

    @property
    def charts(self) -> tuple[ChartData, ...]:
        """All charts, in reading order."""
        return self.loss, self.valid, self.rate, self.norm

    def add_event(self, event: Event) -> None:
        """Add one event; only steps and evaluations have values."""
        match event:
            case TrainingStep():
                self.last = event.step
                self._train.add(event.step, event.loss)
                self._rate.add(event.step, event.learning_rate)
                self._norm.add(event.step, event.gradient_norm)
            case Evaluated():
                self._add_metrics(event)

    def _add_metrics(self, event: Evaluated) -> None:
        names = [event.monitor, *(name for name in event.metrics if name != event.monitor)]
        for name in names:
            if name in event.metrics:
                self.valid.series_named(name).add(event.step, event.metrics[name])
        unit = metric_text(event.monitor).unit
        self.valid.unit = f"{unit}, lower is better".lstrip(", ")

    def values_at(self, step: float) -> list[tuple[str, int, str]]:
        """Return the values of the visible curves near a step: name, step and value."""
        values = []
        for chart in self.charts:
            for series in chart.visible():
                if point := series.nearest(step):
                    values.append(
                        (metric_text(series.name).title.lower(), point[0], f"{point[1]:.4g}")
                    )
        return values


def downsampled(
    steps: Values, values: Values, *, first: float, last: float, pixels: int
) -> tuple[Values, Values]:
    """Keep the minimum and the maximum of each column of pixels.

    Parameters
    ----------
    steps : (N,) ascending
    values : (N,)
    first, last : steps at the left and the right edge
    pixels : columns

    Returns
    -------
    steps and values, (K,) each, K at most 2 (pixels + 2), with one point beyond each edge

    >>> downsampled(np.arange(4.0), np.array([1.0, 9, 2, 3]), first=0, last=4, pixels=1)[1]
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
    """Return the moving average over the last `window` values, fewer at the start; (N,).

    >>> smoothed(np.array([2.0, 4, 6]), 2)
    array([2., 3., 5.])
    """
    if window <= 1 or not len(values):
        return values
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - window, 0)
    return np.asarray((sums[ends] - sums[starts]) / (ends - starts))


def value_range(chart: ChartData, first: float, last: float) -> tuple[float, float] | None:
    """Return the range of the visible values with a margin; None if there are none."""
    parts = [part for one in chart.visible() if len(part := _visible_values(one, first, last))]
    if chart.log:
        parts = [part[part > 0] for part in parts if (part > 0).any()]
    if not parts:
        return None
    low, high = min(part.min() for part in parts), max(part.max() for part in parts)
    if chart.log:
        return float(low) / 1.5, float(high) * 1.5
    margin = 0.06 * (high - low) or 0.1 * abs(high) or 1.0
    return float(low - margin), float(high + margin)


def _visible_values(series: Series, first: float, last: float) -> Values:
    steps, values = series.points()
    return values[(steps >= first) & (steps <= last) & np.isfinite(values)]


def ticks(low: float, high: float, wanted: int) -> list[float]:
    """Return round numbers between two values, about as many as wanted.

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
    """Return 1, 2 and 5 times the powers of ten in a positive range, or only the powers.

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
