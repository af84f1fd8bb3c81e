"""Paints what was measured before and after a model learned: two points with their intervals."""

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from seqstudio.gui.train.judgement import estimate_text, measured_on, verdict
from seqstudio.gui.widgets.colours import Colours, colours_of
from seqstudio.gui.widgets.label import Label
from seqstudio.gui.widgets.layout import column
from seqstudio.gui.widgets.metrics import MEDIUM, SMALL, TIGHT, styled
from seqstudio.services.judgement import Estimate, Judgement

POINT = 4.0  # radius, pixels
LEAST_PLOT = 80  # pixels


class JudgementView(QWidget):
    """Shows a `Judgement`; hidden where there is none."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.verdict, self.about = Label(wordWrap=True), Label(wordWrap=True)
        self.verdict.setFont(styled(self.verdict.font(), "strong"))
        self.intervals = Intervals(self)
        layout = column(self, spacing=TIGHT)
        for widget in (self.verdict, self.intervals, self.about):
            layout.addWidget(widget)
        self.hide()

    def show_judgement(self, judgement: Judgement | None) -> None:
        """Show what was measured; None hides the widget."""
        self.setVisible(judgement is not None)
        if judgement:
            mark = "✓" if judgement.kept else "✗"
            self.verdict.setText(f"{mark} {verdict(judgement)}")
            self.about.setText(measured_on(judgement))
            self.intervals.show_judgement(judgement)


class Intervals(QWidget):
    """Two rows, before and after, on one axis from 0."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows: tuple[tuple[str, Estimate, str], ...] = ()  # title, estimate, as text
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_judgement(self, judgement: Judgement) -> None:
        """Show the two estimates."""
        both = (("Before", judgement.before), ("After", judgement.after))
        metric = judgement.metric
        self.rows = tuple((title, one, estimate_text(metric, one)) for title, one in both)
        self.setAccessibleName("; ".join(f"{title} {text}" for title, _, text in self.rows))
        self.update()

    def sizeHint(self) -> QSize:
        """Return the height of two rows."""
        return QSize(2 * LEAST_PLOT, 2 * self._row_height)

    @property
    def _row_height(self) -> int:
        return self.fontMetrics().height() + SMALL

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the rows: title, interval and value."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = colours_of(self.window().palette())
        metrics = self.fontMetrics()
        first = max((metrics.horizontalAdvance(title) for title, _, _ in self.rows), default=0)
        last = max((metrics.horizontalAdvance(text) for _, _, text in self.rows), default=0)
        highest = max((one.high for _, one, _ in self.rows), default=0.0) or 1.0
        width = max(self.width() - first - last - 2 * MEDIUM, LEAST_PLOT)
        for number, (title, estimate, text) in enumerate(self.rows):
            top = number * self._row_height
            plot = QRectF(first + MEDIUM, top, width, self._row_height)
            painter.setPen(colours.text)
            middle = Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(0, top, first, self._row_height), middle, title)
            place = QRectF(plot.right() + MEDIUM, top, last + 1, self._row_height)
            painter.drawText(place, middle, text)
            _paint_estimate(painter, plot, estimate, highest, colours)


def _paint_estimate(
    painter: QPainter, plot: QRectF, estimate: Estimate, highest: float, colours: Colours
) -> None:
    """Paint a point with its interval, on a line from 0 to `highest`."""
    inside = plot.adjusted(POINT, 0, -POINT, 0)
    low, value, high = (
        inside.left() + inside.width() * one / highest
        for one in (estimate.low, estimate.value, estimate.high)
    )
    y = plot.center().y()
    painter.setPen(QPen(colours.line, 1))
    painter.drawLine(QLineF(inside.left(), y, inside.right(), y))
    painter.setPen(QPen(colours.accent, 2))
    painter.drawLine(QLineF(low, y, high, y))
    for end in (low, high):
        painter.drawLine(QLineF(end, y - POINT, end, y + POINT))
    painter.setBrush(colours.accent)
    painter.drawEllipse(QPointF(value, y), POINT, POINT)
