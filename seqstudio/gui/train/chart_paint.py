"""Paints one chart of a training: grid, curves, and a legend with values."""

import math
from collections.abc import Mapping
from itertools import pairwise

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QPolygonF

from seqstudio.gui.train.curves import (
    ChartData,
    Dash,
    Marker,
    Series,
    Values,
    downsampled,
    log_ticks,
    smoothed,
    ticks,
    value_range,
)
from seqstudio.gui.widgets.axis import Axis
from seqstudio.gui.widgets.colours import Colours
from seqstudio.gui.widgets.metric_text import metric_text

LEFT, HEAD, FOOT = 60, 40, 34  # pixels around a plot
DENSE = 100  # points; longer lines are drawn as separate segments
MAX_MARKERS = 40  # points; denser series have no markers
DASHES: Mapping[Dash, Qt.PenStyle] = {
    "solid": Qt.PenStyle.SolidLine,
    "dash": Qt.PenStyle.DashLine,
    "dot": Qt.PenStyle.DotLine,
    "dashdot": Qt.PenStyle.DashDotLine,
}


class ChartPainter:
    """Draws one chart into a rectangle."""

    def __init__(
        self, chart: ChartData, plot: QRectF, axis: Axis, colours: Colours, smoothing: int
    ) -> None:
        self._chart, self._plot, self._axis, self._colours = chart, plot, axis, colours
        self._smoothing = smoothing
        self._span = value_range(chart, axis.start, axis.stop)
        self._series_colours = (colours.accent, colours.playhead, colours.note, colours.error)

    def draw(self, painter: QPainter, cursor: float | None, mark: int | None) -> None:
        """Draw the chart with lines at the step of the cursor and of the selected preview."""
        self._draw_heading(painter, cursor)
        painter.setPen(QPen(self._colours.line))
        painter.drawRect(self._plot)
        if self._span is None:
            self._write(painter, self._plot, "No data yet", Qt.AlignmentFlag.AlignCenter)
            return
        self._draw_grid(painter)
        painter.save()
        painter.setClipRect(self._plot.adjusted(-4, -4, 4, 4))
        if mark is not None:
            self._draw_vertical_line(
                painter, mark, QPen(self._colours.muted, 1, Qt.PenStyle.DotLine)
            )
        if cursor is not None:
            self._draw_vertical_line(painter, cursor, QPen(self._colours.playhead, 1))
        for number, series in enumerate(self._chart.series):
            if series.shown and len(series):
                self._draw_series(
                    painter, series, self._series_colours[number % len(self._series_colours)]
                )
        painter.restore()

    def _draw_heading(self, painter: QPainter, cursor: float | None) -> None:
        """Draw title and unit, and below them a legend with the values at the cursor."""
        bold = QFont(painter.font())
        bold.setBold(True)
        heading = QRectF(self._plot.left(), self._plot.top() - HEAD + 2, self._plot.width(), 16)
        painter.save()
        painter.setFont(bold)
        painter.setPen(self._colours.text)
        painter.drawText(heading, Qt.AlignmentFlag.AlignLeft, self._chart.title)
        left = heading.left() + painter.fontMetrics().horizontalAdvance(self._chart.title) + 8
        painter.restore()
        space = heading.adjusted(left - heading.left(), 0, 0, 0)
        unit = painter.fontMetrics().elidedText(
            self._chart.unit, Qt.TextElideMode.ElideRight, int(space.width())
        )
        self._write(painter, space, unit, Qt.AlignmentFlag.AlignLeft)
        x = heading.left()
        for number, series in enumerate(self._chart.series):
            if series.shown and (point := series.nearest(1e18 if cursor is None else cursor)):
                run = f"{series.run}: " if series.run else ""
                text = f"{run}{metric_text(series.name).label} {point[1]:.4g}"
                if cursor is not None:
                    text += f" (step {point[0]})"
                x = self._draw_legend_entry(
                    painter, series, number, QPointF(x, heading.bottom() + 9), text
                )

    def _draw_legend_entry(
        self, painter: QPainter, series: Series, number: int, place: QPointF, text: str
    ) -> float:
        """Draw one entry of the legend; return the x position of the next."""
        colour = self._series_colours[number % len(self._series_colours)]
        painter.setPen(QPen(colour, 2, DASHES[series.dash]))
        painter.drawLine(place, place + QPointF(24, 0))
        self._draw_marker(painter, series.marker, place + QPointF(12, 0), colour)
        width = painter.fontMetrics().horizontalAdvance(text)
        box = QRectF(place.x() + 29, place.y() - 8, width + 2, 16)
        painter.setPen(self._colours.text)
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, text)
        return box.right() + 12

    def _draw_grid(self, painter: QPainter) -> None:
        low, high = self._span or (0.0, 1.0)
        rows = max(int(self._plot.height() / 32), 3)
        values = (log_ticks if self._chart.log else ticks)(low, high, rows)
        for value in values:
            y = self._y(value)
            painter.setPen(QPen(self._colours.line))
            painter.drawLine(QPointF(self._plot.left(), y), QPointF(self._plot.right(), y))
            box = QRectF(self._plot.left() - LEFT, y - 8, LEFT - 6, 16)
            self._write(painter, box, f"{value:.4g}", Qt.AlignmentFlag.AlignRight)
        steps = [one for one in ticks(self._axis.start, self._axis.stop, 5) if one == int(one)]
        for step in steps:
            x = self._x(step)
            painter.setPen(QPen(self._colours.line))
            painter.drawLine(QPointF(x, self._plot.bottom()), QPointF(x, self._plot.bottom() + 4))
            box = QRectF(x - 40, self._plot.bottom() + 4, 80, 14)
            self._write(painter, box, f"{step:g}", Qt.AlignmentFlag.AlignHCenter)
        foot = QRectF(self._plot.left(), self._plot.bottom() + 16, self._plot.width(), 14)
        self._write(painter, foot, "step", Qt.AlignmentFlag.AlignHCenter)

    def _draw_series(self, painter: QPainter, series: Series, colour: QColor) -> None:
        steps, values = series.points()
        if self._smoothing > 1 and self._chart.smooth:
            pale = QColor(colour)
            pale.setAlpha(90)
            self._draw_line(painter, steps, values, QPen(pale, 1))
            values = smoothed(values, self._smoothing)
        self._draw_line(painter, steps, values, QPen(colour, 1.6, DASHES[series.dash]))
        if series.marker != "none" and len(steps) <= MAX_MARKERS:
            for step, value in zip(steps, values, strict=True):
                place = QPointF(self._x(step), self._y(value))
                self._draw_marker(painter, series.marker, place, colour)

    def _draw_line(self, painter: QPainter, steps: Values, values: Values, pen: QPen) -> None:
        steps, values = downsampled(
            steps,
            values,
            first=self._axis.start,
            last=self._axis.stop,
            pixels=int(self._plot.width()),
        )
        places = [QPointF(self._x(s), self._y(v)) for s, v in zip(steps, values, strict=True)]
        painter.setPen(pen)
        if len(places) <= DENSE:
            painter.drawPolyline(QPolygonF(places))
            return
        # a polyline of many points takes Qt tens of milliseconds, separate lines take one
        painter.drawLines([QLineF(one, other) for one, other in pairwise(places)])

    def _draw_marker(self, painter: QPainter, marker: Marker, at: QPointF, colour: QColor) -> None:
        shapes = {
            "square": [(-3, -3), (3, -3), (3, 3), (-3, 3)],
            "triangle": [(0, -4), (4, 3), (-4, 3)],
            "diamond": [(0, -4), (4, 0), (0, 4), (-4, 0)],
        }
        painter.save()
        painter.setPen(QPen(colour, 1))
        painter.setBrush(colour)
        if marker == "circle":
            painter.drawEllipse(at, 3, 3)
        elif marker in shapes:
            painter.drawPolygon(QPolygonF([at + QPointF(*corner) for corner in shapes[marker]]))
        painter.restore()

    def _draw_vertical_line(self, painter: QPainter, step: float, pen: QPen) -> None:
        painter.setPen(pen)
        x = self._x(step)
        painter.drawLine(QPointF(x, self._plot.top()), QPointF(x, self._plot.bottom()))

    def _write(self, painter: QPainter, box: QRectF, text: str, where: Qt.AlignmentFlag) -> None:
        painter.setPen(self._colours.muted)
        painter.drawText(box, where | Qt.AlignmentFlag.AlignVCenter, text)

    def _x(self, step: float) -> float:
        return self._plot.left() + self._axis.to_pixel(step)

    def _y(self, value: float) -> float:
        low, high = self._span or (0.0, 1.0)
        share = _share(value, low, high, log=self._chart.log)
        return self._plot.bottom() - share * self._plot.height()


def _share(value: float, low: float, high: float, *, log: bool) -> float:
    """Return the position of a value between two others: 0 at `low`, 1 at `high`."""
    if not log:
        return (value - low) / (high - low)
    return math.log(max(value, low / 10) / low) / math.log(high / low)
