"""Draw line charts of training curves and gradient flow, without a plotting library."""

from collections.abc import Mapping, Sequence
from math import ceil, floor, isfinite, log10
from pathlib import Path
from typing import NamedTuple

from seqstudio.errors import DataError
from seqstudio.media.canvas import COLOURS, GREY, GRID, INK, PALE_GREY, Canvas, text_width

WIDTH, HEIGHT = 960, 540
LEFT, RIGHT, TOP, BOTTOM = 84, 28, 76, 58
Points = Sequence[tuple[float, float]]


class Axis(NamedTuple):
    """One axis: its limits, and whether it is logarithmic."""

    low: float
    high: float
    log: bool = False

    def fraction(self, value: float) -> float:
        """Return the position of a value along the axis, 0 to 1."""
        if self.log:
            return (log10(value) - log10(self.low)) / (log10(self.high) - log10(self.low))
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Return round values for labels."""
        if self.log:
            first, last = ceil(log10(self.low) - 1e-9), floor(log10(self.high) + 1e-9)
            step = max(1, ceil((last - first) / 8))
            return [10.0**power for power in range(first, last + 1, step)]
        rough = (self.high - self.low) / 6
        unit = 10.0 ** floor(log10(rough))
        step_size = next(unit * n for n in (1, 2, 5, 10) if unit * n >= rough)
        numbers = range(ceil(self.low / step_size - 1e-9), floor(self.high / step_size + 1e-9) + 1)
        return [number * step_size for number in numbers]


def draw_line_chart(
    series: Mapping[str, Points],
    path: Path,
    *,
    x_label: str,
    y_label: str,
    title: str = "",
    log_y: bool = False,
) -> None:
    """Draw named curves as PNG.

    Parameters
    ----------
    series : points (x, y) by the name of their curve, x ascending; a point that is not finite (or
        not positive on a logarithmic axis) breaks its curve
    path : a new file
    x_label, y_label : name and unit of each axis
    title : text above the chart
    log_y : use a logarithmic y axis

    Raises
    ------
    DataError
        If there is no point to draw.
    """
    curves = {name: _runs(points, log_y=log_y) for name, points in series.items()}
    drawn = [point for runs in curves.values() for run in runs for point in run]
    if not drawn:
        raise DataError(f"{title or path.name}: no point to draw, expected at least 1")
    x_axis = _axis([x for x, _ in drawn], log=False)
    y_axis = _axis([y for _, y in drawn], log=log_y)
    canvas = Canvas(WIDTH, HEIGHT)
    canvas.text((LEFT, 18), title, 16)
    _draw_axes(canvas, x_axis, y_axis, x_label, y_label)
    x = float(LEFT)
    for (name, runs), colour in zip(curves.items(), COLOURS * len(curves), strict=False):
        x = _draw_legend_entry(canvas, x, name, colour)
        for run in runs:
            _draw_run(canvas, [_position(x_axis, y_axis, point) for point in run], colour)
    canvas.save(path)


def _runs(points: Points, *, log_y: bool) -> list[list[tuple[float, float]]]:
    """Split a curve into runs where a point cannot be drawn."""
    runs: list[list[tuple[float, float]]] = [[]]
    for x, y in points:
        if isfinite(x) and isfinite(y) and (y > 0 or not log_y):
            runs[-1].append((x, y))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _axis(values: list[float], *, log: bool) -> Axis:
    low, high = min(values), max(values)
    if log:
        return Axis(
            10.0 ** floor(log10(low)), 10.0 ** max(ceil(log10(high)), floor(log10(low)) + 1), log
        )
    if low == high:
        low, high = low - max(abs(low), 1) / 2, high + max(abs(high), 1) / 2
    return Axis(low, high)


def _position(x_axis: Axis, y_axis: Axis, point: tuple[float, float]) -> tuple[float, float]:
    width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    x = LEFT + width * x_axis.fraction(point[0])
    return x, HEIGHT - BOTTOM - height * y_axis.fraction(point[1])


def _draw_axes(canvas: Canvas, x_axis: Axis, y_axis: Axis, x_label: str, y_label: str) -> None:
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    for value in y_axis.ticks():
        _, y = _position(x_axis, y_axis, (x_axis.low, value))
        canvas.line([(LEFT, y), (right, y)], PALE_GREY, 1)
        canvas.text((LEFT - 8, y), f"{value:.4g}", 11, fill=GREY, anchor="rm")
    for value in x_axis.ticks():
        x, _ = _position(x_axis, y_axis, (value, y_axis.low))
        canvas.line([(x, bottom), (x, bottom + 5)], GRID, 1)
        canvas.text((x, bottom + 9), f"{value:.6g}", 11, fill=GREY, anchor="ma")
    canvas.line([(LEFT, TOP), (LEFT, bottom), (right, bottom)], GRID, 1.5)
    canvas.text(((LEFT + right) / 2, HEIGHT - 30), x_label, 12, anchor="ma")
    canvas.vertical_text((20, (TOP + bottom) / 2), y_label, 12)


def _draw_legend_entry(canvas: Canvas, x: float, name: str, colour: str) -> float:
    """Draw the colour and name of a curve above the chart; return the x of the next entry."""
    canvas.line([(x, 55), (x + 16, 55)], colour, 3)
    canvas.text((x + 21, 55), name, 12, fill=INK, anchor="lm")
    return x + 21 + text_width(name, 12) + 20


def _draw_run(canvas: Canvas, points: list[tuple[float, float]], colour: str) -> None:
    if len(points) > 1:
        canvas.line(points, colour, 1.8)
    if len(points) <= 40:
        for point in points:
            canvas.circle(point, 2.6, colour)
