"""Paints the charts of a training, with the values at the pointer or keyboard cursor."""

from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from seqstudio.gui.train.chart_paint import FOOT, HEAD, LEFT, ChartPainter
from seqstudio.gui.train.curves import ChartData, Curves
from seqstudio.gui.widgets.axis import Axis
from seqstudio.gui.widgets.colours import colours_of

GAP = 22  # pixels right of a plot
TWO_COLUMNS = 440  # minimum width in pixels


class ChartsView(QWidget):
    """Charts that share an axis of steps. Wheel zooms, drag scrolls, double-click shows all."""

    pointed = Signal(float)  # a step was clicked

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._curves = Curves()
        self._other = ""  # the run whose curves are drawn over these
        self._over: Curves | None = None
        self._axis = Axis(length=1, pixels=1, finest=0.01)
        self._cursor: float | None = None  # step whose values are shown
        self._mark: int | None = None  # step of the selected preview
        self._drag_x: float | None = None  # last position of a drag
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(QSize(260, 220))
        self.setAccessibleName("Training curves")
        self.setToolTip(
            "Point at a step to read its values. Wheel: zoom. Drag: scroll. Double-click: show all."
        )

    def show_curves(self, curves: Curves, mark: int | None) -> None:
        """Show curves, with a line at the step of the selected preview."""
        if curves is not self._curves:
            self._curves = curves
            self._axis = replace(self._axis, start=0.0, per_pixel=0.0)
        self._mark = mark
        self._fit()
        self.update()

    def draw_over(self, run: str, curves: Curves | None) -> None:
        """Draw the curves of another run over these; None draws these alone."""
        self._other, self._over = run, curves
        self._fit()
        self.update()

    @property
    def reading(self) -> str:
        """The values at the cursor, or at the newest step."""
        step = self._curves.last if self._cursor is None else self._cursor
        own = _reading(self._curves, step)
        return f"{own}; {self._other}: {_reading(self._over, step)}" if self._over else own

    @property
    def charts(self) -> tuple[ChartData, ...]:
        """The charts, with the curves of the other run."""
        if self._over is None:
            return self._curves.charts
        pairs = zip(self._curves.charts, self._over.charts, strict=True)
        return tuple(chart.over(other, self._other) for chart, other in pairs)

    @property
    def _last(self) -> int:
        """The newest step of both runs."""
        return max(self._curves.last, self._over.last if self._over else 0)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Read the step under the pointer, or scroll while the button is held."""
        x = event.position().x()
        if self._drag_x is not None and event.buttons() & Qt.MouseButton.LeftButton:
            self._axis = self._axis.scrolled(self._drag_x - x)
            self._drag_x = x
        self._point(self._step_at(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Start a drag and emit the step under the pointer."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._drag_x = event.position().x()
            if (step := self._step_at(event.position())) is not None:
                self.pointed.emit(step)

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """End the drag."""
        self._drag_x = None

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        """Show all steps."""
        self._axis = replace(self._axis, start=0.0, per_pixel=0.0)
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom around the pointer."""
        if (plot := self._plot_at(event.position())) is not None:
            factor = 1.25 ** (event.angleDelta().y() / 120)
            self._axis = self._axis.zoomed(factor, event.position().x() - plot.left())
            self.update()

    def leaveEvent(self, _event: QEvent) -> None:
        """Show the values of the newest step again."""
        self._point(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the cursor with the arrow keys; plus and minus zoom, 0 shows all."""
        current = self._curves.last if self._cursor is None else self._cursor
        stride = max(round(self._axis.span / 50), 1)
        targets = {
            Qt.Key.Key_Left: max(current - stride, 0),
            Qt.Key.Key_Right: min(current + stride, self._last),
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: self._last,
        }
        key = Qt.Key(event.key())
        zooms = {Qt.Key.Key_Plus: 1.5, Qt.Key.Key_Minus: 1 / 1.5}
        if key in targets:
            self._axis = self._axis.scrolled_to(targets[key])
            self._point(targets[key])
        elif key in zooms:
            self._axis = self._axis.zoomed(zooms[key], self._axis.to_pixel(current))
        elif key == Qt.Key.Key_0:
            self._axis = replace(self._axis, start=0.0, per_pixel=0.0)
        else:
            super().keyPressEvent(event)
        self.update()

    def resizeEvent(self, _event: object) -> None:
        """Fit the axis to the new width."""
        self._fit()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw all charts."""
        colours = colours_of(self.palette())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), colours.background)
        for chart, plot in zip(self.charts, self.plots(), strict=True):
            ChartPainter(chart, plot, self._axis, colours, self._curves.smoothing).draw(
                painter, self._cursor, self._mark
            )

    def _point(self, step: float | None) -> None:
        self._cursor = step
        self.setAccessibleDescription(self.reading)
        self.update()

    def plots(self) -> list[QRectF]:
        """Return the rectangles of the plots, in reading order."""
        count = len(self._curves.charts)
        columns = 2 if self.width() >= TWO_COLUMNS else 1
        rows = -(-count // columns)
        width, height = self.width() / columns, self.height() / rows
        return [
            QRectF(
                at % columns * width + LEFT,
                at // columns * height + HEAD,
                width - LEFT - GAP,
                height - HEAD - FOOT,
            )
            for at in range(count)
        ]

    def _fit(self) -> None:
        length = float(max(self._last, 1))
        self._axis = self._axis.with_length(length).resized(int(self.plots()[0].width()))

    def _plot_at(self, place: QPointF) -> QRectF | None:
        return next((plot for plot in self.plots() if plot.contains(place)), None)

    def _step_at(self, place: QPointF) -> float | None:
        plot = self._plot_at(place)
        return None if plot is None else self._axis.to_unit(place.x() - plot.left())


def _reading(curves: Curves, step: float) -> str:
    return ", ".join(f"{name} {value} at step {at}" for name, at, value in curves.values_at(step))
