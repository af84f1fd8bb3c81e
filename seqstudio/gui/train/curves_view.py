"""Paints the curves of a training, and reads them where the pointer or the arrow keys are."""

from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from seqstudio.gui.train.curves import Curves
from seqstudio.gui.train.curves_chart import FOOT, HEAD, LEFT, Chart
from seqstudio.gui.widgets.axis import Axis
from seqstudio.gui.widgets.theme import colours_of

GAP = 22  # pixels right of a plot
TWO_COLUMNS = 440  # pixels of width


class CurvesView(QWidget):
    """Charts over one axis of steps. Wheel zooms, drag scrolls, double click shows all."""

    pointed = Signal(float)  # a step was clicked

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._curves = Curves()
        self._axis = Axis(length=1, pixels=1, finest=0.01)
        self._cursor: float | None = None  # step that is read
        self._mark: int | None = None  # step of the preview in front
        self._grip: float | None = None  # where a drag was last
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(QSize(260, 220))
        self.setAccessibleName("Training curves")
        self.setToolTip("Point at a step to read it. Wheel: zoom. Drag: scroll. Double click: all.")

    def show_curves(self, curves: Curves, mark: int | None) -> None:
        """Draw curves as they are now, with a line at the step of the preview in front."""
        if curves is not self._curves:
            self._curves = curves
            self._axis = replace(self._axis, start=0.0, per_pixel=0.0)
        self._mark = mark
        self._fit()
        self.update()

    @property
    def reading(self) -> str:
        """What the curves hold where the cursor is, or at the newest step."""
        step = self._curves.last if self._cursor is None else self._cursor
        return ", ".join(
            f"{name} {value} at step {at}" for name, at, value in self._curves.read(step)
        )

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Read what is under the pointer, or scroll while a button is held."""
        x = event.position().x()
        if self._grip is not None and event.buttons() & Qt.MouseButton.LeftButton:
            self._axis = self._axis.scrolled(self._grip - x)
            self._grip = x
        self._point(self._step_at(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the axis; a click without a drag points at a step."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._grip = event.position().x()
            if (step := self._step_at(event.position())) is not None:
                self.pointed.emit(step)

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Let go of the axis."""
        self._grip = None

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        """Show all steps."""
        self._axis = replace(self._axis, start=0.0, per_pixel=0.0)
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom around the pointer."""
        if (cell := self._cell_at(event.position())) is not None:
            factor = 1.25 ** (event.angleDelta().y() / 120)
            self._axis = self._axis.zoomed(factor, event.position().x() - cell.left())
            self.update()

    def leaveEvent(self, _event: QEvent) -> None:
        """Read the newest step again."""
        self._point(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the cursor with the arrow keys; plus and minus zoom, 0 shows all."""
        here = self._curves.last if self._cursor is None else self._cursor
        stride = max(round(self._axis.span / 50), 1)
        places = {
            Qt.Key.Key_Left: max(here - stride, 0),
            Qt.Key.Key_Right: min(here + stride, self._curves.last),
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: self._curves.last,
        }
        key = Qt.Key(event.key())
        zooms = {Qt.Key.Key_Plus: 1.5, Qt.Key.Key_Minus: 1 / 1.5}
        if key in places:
            self._axis = self._axis.showing(places[key])
            self._point(places[key])
        elif key in zooms:
            self._axis = self._axis.zoomed(zooms[key], self._axis.to_pixel(here))
        elif key == Qt.Key.Key_0:
            self._axis = replace(self._axis, start=0.0, per_pixel=0.0)
        else:
            super().keyPressEvent(event)
        self.update()

    def resizeEvent(self, _event: object) -> None:
        """Fit the axis to the new width."""
        self._fit()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw every chart."""
        colours = colours_of(self.palette())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), colours.ground)
        for panel, plot in zip(self._curves.panels, self.plots(), strict=True):
            Chart(panel, plot, self._axis, colours, self._curves.smoothing).draw(
                painter, self._cursor, self._mark
            )

    def _point(self, step: float | None) -> None:
        self._cursor = step
        self.setAccessibleDescription(self.reading)
        self.update()

    def plots(self) -> list[QRectF]:
        """Place the plots in reading order."""
        count = len(self._curves.panels)
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
        length = float(max(self._curves.last, 1))
        self._axis = self._axis.lengthened(length).resized(int(self.plots()[0].width()))

    def _cell_at(self, place: QPointF) -> QRectF | None:
        return next((plot for plot in self.plots() if plot.contains(place)), None)

    def _step_at(self, place: QPointF) -> float | None:
        cell = self._cell_at(place)
        return None if cell is None else self._axis.to_unit(place.x() - cell.left())
