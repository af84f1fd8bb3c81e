"""Pictures of series: the forecast with its intervals, or the anomalies that were found."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from seqstudio.api import DataError, Table
from seqstudio.api.pictures import COLOURS, GREY, GRID, INK, PALE_GREY, Axis, Canvas, blend

WIDTH, PANEL, TOP, BOTTOM, LEFT, RIGHT = 960, 260, 34, 44, 84, 24
MOST_PANELS = 12
Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Line:
    """One series of a picture: known values, then the forecast; or scores and what was found."""

    name: str
    times: tuple[str, ...]
    values: tuple[float, ...]
    median: tuple[float, ...] = ()  # after the values
    bands: tuple[tuple[float, ...], ...] = ()  # low and high of each level, the narrowest first
    marks: tuple[int, ...] = ()  # places of anomalies


@dataclass(frozen=True, slots=True)
class Chart(Table):
    """A table that also knows its picture."""

    series: tuple[Line, ...] = ()


class ChartExporter:
    """Draws the series of a table as PNG."""

    name = "png"
    kind = "table"

    def write(self, value: Table, path: Path) -> None:
        """Draw `value` as a new file at `path`.

        Raises
        ------
        DataError
            If the table is not one of this plugin's.
        """
        if not isinstance(value, Chart) or not value.series:
            raise DataError(f"{path.name}: a table without series, expected one of forecast")
        shown = value.series[:MOST_PANELS]
        canvas = Canvas(WIDTH, PANEL * len(shown))
        for number, line in enumerate(shown):
            Panel(canvas, line, PANEL * number).draw()
        canvas.save(path)


class Panel:
    """The picture of one series, below those before it."""

    def __init__(self, canvas: Canvas, line: Line, above: float) -> None:
        numbers = [*line.values, *line.median, *(n for band in line.bands for n in band)]
        low, high = min(numbers), max(numbers)
        margin = 0.05 * (high - low) or max(abs(high), 1.0) / 10
        self.canvas, self.line, self.above = canvas, line, above
        self.y_axis = Axis(low - margin, high + margin)
        self.x_axis = Axis(0, max(len(line.times) - 1, 1))

    def at(self, place: float, value: float) -> tuple[float, float]:
        """Return the point of a value."""
        x = LEFT + (WIDTH - LEFT - RIGHT) * self.x_axis.fraction(place)
        height = PANEL - TOP - BOTTOM
        return x, self.above + PANEL - BOTTOM - height * self.y_axis.fraction(value)

    def draw(self) -> None:
        """Draw the axes, the values, the forecast and the anomalies."""
        line, first = self.line, len(self.line.values)
        self.draw_axes()
        before = [(first - 1, line.values[-1])] if line.median else []
        for low, high, share in reversed(self.bands()):
            edge = [*before, *enumerate(high, first), *[*enumerate(low, first)][::-1]]
            self.canvas.polygon([self.at(*p) for p in edge], blend(COLOURS[1], share))
        self.run(list(enumerate(line.values)), COLOURS[0])
        self.run([*before, *enumerate(line.median, first)], COLOURS[1])
        for place in line.marks:
            self.canvas.circle(self.at(place, line.values[place]), 4, COLOURS[1])
        self.canvas.text((LEFT, self.above + 10), line.name, 13)

    def bands(self) -> Sequence[tuple[tuple[float, ...], tuple[float, ...], float]]:
        """Return low, high and shade of each level."""
        pairs = zip(self.line.bands[::2], self.line.bands[1::2], strict=True)
        return [(low, high, 0.4 / (1 + n)) for n, (low, high) in enumerate(pairs)]

    def run(self, points: Sequence[tuple[float, float]], colour: str) -> None:
        """Draw a line through points, a few a pixel at most: the extremes of each stretch."""
        if len(points) > 1:
            self.canvas.line([self.at(*point) for point in thinned(points)], colour, 1.5)

    def draw_axes(self) -> None:
        """Draw the ticks of the values, and up to five times."""
        bottom = self.above + PANEL - BOTTOM
        for value in self.y_axis.ticks():
            _, y = self.at(0, value)
            self.canvas.line([(LEFT, y), (WIDTH - RIGHT, y)], PALE_GREY)
            self.canvas.text((LEFT - 8, y), f"{value:.6g}", 11, fill=GREY, anchor="rm")
        self.canvas.line([(LEFT, bottom), (WIDTH - RIGHT, bottom)], GRID, 1.5)
        count = len(self.line.times)
        for place in sorted({round(n * (count - 1) / 4) for n in range(5)}):
            x, _ = self.at(place, self.y_axis.low)
            anchor = "la" if place == 0 else "ra" if place == count - 1 else "ma"
            text = self.line.times[place].replace("T", " ")
            self.canvas.text((x, bottom + 8), text, 11, fill=INK, anchor=anchor)


def thinned(points: Sequence[tuple[float, float]], limit: int = 2 * WIDTH) -> Points:
    """Return at most about `limit` points: the lowest and the highest of each stretch, in order."""
    size = -(-2 * len(points) // limit)
    if size <= 2:
        return list(points)
    kept: Points = []
    for start in range(0, len(points), size):
        stretch = points[start : start + size]
        extremes = {min(stretch, key=lambda p: p[1]), max(stretch, key=lambda p: p[1])}
        kept += sorted(extremes)
    return kept
