"""A painted waveform: ruler above, a lane for each channel, the words below it."""

from math import ceil

from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from seqstudio.gui.recording.peaks import clock, lane_rows, nice_step
from seqstudio.gui.recording.timeline import Timeline
from seqstudio.gui.recording.waveform import WaveModel
from seqstudio.gui.widgets.theme import Colours, colours_of

RULER = 24
WORDS = 24
MARK_GAP = 90  # pixels between two marks of the ruler, at least
CROWDED = 36  # pixels for a word, at least on the average
DRAG = 4  # pixels before a press is a selection
NOTCH = 120  # of a wheel
ZOOM = 1.25


class WaveView(QWidget):
    """Shows a `WaveModel`; a click seeks, a drag selects, the wheel zooms around the pointer."""

    sought = Signal(float)  # the second that the person pointed to

    def __init__(self, model: WaveModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self._words = Timeline(())
        self._absence = ""
        self._pressed: float | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Waveform")
        self.setAccessibleDescription(
            "Left and right move the playhead, plus and minus zoom, Shift with them selects."
        )
        self.setMinimumHeight(120)
        self.setCursor(Qt.CursorShape.IBeamCursor)
        model.changed.connect(self.update)

    def show_words(self, words: Timeline) -> None:
        """Write these words below the waveform."""
        self._words = words
        self.update()

    def say(self, absence: str) -> None:
        """Say in the place of a picture why there is none."""
        if absence != self._absence:
            self._absence = absence
            self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep to the new width."""
        self.model.resize(event.size().width())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw what is seen."""
        colours = colours_of(self.palette())
        painter = QPainter(self)
        painter.fillRect(self.rect(), colours.ground)
        self._draw_selection(painter, colours)
        self._draw_lanes(painter, colours)
        self._draw_gain(painter, colours)
        self._draw_ruler(painter, colours)
        self._draw_words(painter, colours)
        self._draw_playhead(painter, colours)
        if self._absence and not self.model.duration_s:
            painter.setPen(colours.faint)
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._absence)
        if self.hasFocus():
            painter.setPen(QPen(colours.accent, 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to point or to select; Shift stretches the selection to here."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        second = self.model.axis.to_unit(event.position().x())
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.model.select(self.model.playhead_s, second)
            return
        self._pressed = event.position().x()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Select from where the button went down."""
        here = event.position().x()
        if self._pressed is not None and abs(here - self._pressed) >= DRAG:
            axis = self.model.axis
            self.model.select(axis.to_unit(self._pressed), axis.to_unit(here))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Seek to where it was clicked, or to where the selection begins."""
        if self._pressed is None:
            return
        clicked = abs(event.position().x() - self._pressed) < DRAG
        self._pressed = None
        if clicked:
            self.model.unselect()
            self.sought.emit(self.model.axis.to_unit(event.position().x()))
        elif self.model.selection:
            self.sought.emit(self.model.selection[0])

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom around the pointer; sideways, or with Shift, scroll."""
        turned = event.angleDelta()
        shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if shift or abs(turned.x()) > abs(turned.y()):
            self.model.scroll(-(turned.x() or turned.y()))
        else:
            self.model.zoom(ZOOM ** (turned.y() / NOTCH), event.position().x())
        event.accept()

    def event(self, event: QEvent) -> bool:
        """Zoom by a pinch."""
        pinch = Qt.NativeGestureType.ZoomNativeGesture
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == pinch:
            self.model.zoom(1 + event.value(), event.position().x())
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the playhead, zoom and scroll; with Shift, select."""
        model, axis = self.model, self.model.axis
        step = axis.span / 50
        moves = {
            Qt.Key.Key_Left: model.playhead_s - step,
            Qt.Key.Key_Right: model.playhead_s + step,
            Qt.Key.Key_PageUp: model.playhead_s - axis.span,
            Qt.Key.Key_PageDown: model.playhead_s + axis.span,
            Qt.Key.Key_Home: 0.0,
            Qt.Key.Key_End: axis.length,
        }
        key = Qt.Key(event.key())
        if key in moves:
            self._move(moves[key], event.modifiers())
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            model.zoom(ZOOM)
        elif key == Qt.Key.Key_Minus:
            model.zoom(1 / ZOOM)
        elif key == Qt.Key.Key_Escape and model.selection:
            model.unselect()
        else:
            event.ignore()

    def _move(self, second: float, modifiers: Qt.KeyboardModifier) -> None:
        second = min(max(second, 0.0), self.model.duration_s)
        if modifiers & Qt.KeyboardModifier.ShiftModifier:
            start, stop = self.model.selection or (self.model.playhead_s, self.model.playhead_s)
            fixed = stop if self.model.playhead_s == start else start
            self.model.select(fixed, second)
        self.sought.emit(second)

    def _draw_selection(self, painter: QPainter, colours: Colours) -> None:
        if not self.model.selection:
            return
        left, right = map(self.model.axis.to_pixel, self.model.selection)
        tint = QColor(colours.accent)
        tint.setAlpha(50)
        area = QRectF(left, RULER, right - left, self.height() - RULER)
        painter.fillRect(area, tint)
        painter.setPen(QPen(colours.accent, 1))
        painter.drawRect(area)

    def _draw_lanes(self, painter: QPainter, colours: Colours) -> None:
        peaks = self.model.columns()
        channels = peaks.shape[2]
        height = (self.height() - RULER - WORDS) // channels
        painter.setPen(colours.line)
        for channel in range(channels):
            top = RULER + height * channel
            painter.drawLine(QLineF(0, top + height / 2, self.width(), top + height / 2))
            rows = lane_rows(peaks[:, :, channel], height, self.model.gain)
            # One picture: a line for each column would be a thousand objects in every frame.
            image = QImage(
                rows.data, rows.shape[1], height, rows.shape[1], QImage.Format.Format_Indexed8
            )
            image.setColorTable([0, colours.wave.rgba()])
            painter.drawImage(0, top, image)

    def _draw_gain(self, painter: QPainter, colours: Colours) -> None:
        """Say so where a quiet recording is drawn larger than it is."""
        if (gain := self.model.gain) > 1:
            painter.setPen(colours.faint)
            area = QRectF(0, RULER + 4, self.width() - 8, RULER)
            painter.drawText(area, int(Qt.AlignmentFlag.AlignRight), f"drawn {gain} times larger")

    def _draw_ruler(self, painter: QPainter, colours: Colours) -> None:
        axis = self.model.axis
        painter.fillRect(0, 0, self.width(), RULER, colours.raised)
        painter.setPen(colours.line)
        painter.drawLine(0, RULER, self.width(), RULER)
        if not axis.length:
            return
        step = nice_step(axis.scale * MARK_GAP)
        for number in range(ceil(axis.start / step), int(axis.stop / step) + 1):
            x = axis.to_pixel(number * step)
            painter.setPen(colours.line)
            painter.drawLine(QLineF(x, RULER - 6, x, RULER))
            painter.setPen(colours.faint)
            painter.drawText(QPointF(x + 4, RULER - 8), clock(number * step, step))

    def _draw_words(self, painter: QPainter, colours: Colours) -> None:
        """Write each word where it begins, if most have room."""
        axis = self.model.axis
        metrics = QFontMetricsF(self.font())
        bottom = self.height() - WORDS
        if self._words.count(axis.start, axis.stop) * CROWDED > self.width():
            painter.setPen(colours.faint)
            painter.drawText(QPointF(8, bottom + 16), "Zoom in to see the words.")
            return
        painter.setPen(colours.ink)
        free = float("-inf")
        for word in self._words.between(axis.start, axis.stop):
            left = axis.to_pixel(word.start_s)
            if left >= free:
                painter.drawText(QPointF(left, bottom + 16), word.word)
                free = left + metrics.horizontalAdvance(word.word) + 6

    def _draw_playhead(self, painter: QPainter, colours: Colours) -> None:
        x = self.model.axis.to_pixel(self.model.playhead_s)
        if 0 <= x <= self.width():
            painter.setPen(QPen(colours.playhead, 2))
            painter.drawLine(QLineF(x, 0, x, self.height()))
