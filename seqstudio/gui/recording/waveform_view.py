"""The waveform widget: a ruler, a lane per channel, and the words below."""

from collections.abc import Iterator, Sequence
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

from seqstudio.contracts.transcript import Segment
from seqstudio.gui.recording.peaks import lane_rows, nice_step
from seqstudio.gui.recording.segment_lane import LANE_HEIGHT, SegmentEnd, SegmentLane
from seqstudio.gui.recording.spectrogram import SpectrogramModel
from seqstudio.gui.recording.waveform import WaveformModel
from seqstudio.gui.recording.word_index import WordIndex
from seqstudio.gui.widgets.colours import Colours, colours_of
from seqstudio.gui.widgets.time_text import format_time

RULER_HEIGHT = 24
WORDS_HEIGHT = 24
ABOVE = RULER_HEIGHT + LANE_HEIGHT  # the ruler and the segments
MIN_MARK_PIXELS = 90  # between two marks of the ruler
MIN_WORD_PIXELS = 36  # per word on average, else the words are hidden
DRAG_PIXELS = 4  # before a press becomes a selection
NOTCH = 120  # of the wheel, in Qt's eighths of a degree
ZOOM_STEP = 1.25  # per notch


class WaveformView(QWidget):
    """Shows a `WaveformModel`; a click seeks, a drag selects, the wheel zooms at the pointer."""

    seek_requested = Signal(float)  # seconds
    segment_moved = Signal(object)  # a SegmentEnd that was dragged

    def __init__(self, model: WaveformModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self._words = WordIndex(())
        self._message = ""
        self._pressed: float | None = None
        self.lane = SegmentLane()
        self.held: SegmentEnd | None = None
        self.spectrogram: SpectrogramModel | None = None  # shown in place of the waveform
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Waveform")
        self.setAccessibleDescription(
            "Left and right move the playhead, with Shift they select. Plus and minus zoom."
        )
        self.setMinimumHeight(120)
        self.setCursor(Qt.CursorShape.IBeamCursor)
        model.changed.connect(self.update)

    def show_words(self, words: WordIndex, segments: Sequence[Segment]) -> None:
        """Show these words below the waveform, and their segments above it."""
        self._words = words
        self.lane, self.held = SegmentLane(segments), None
        self.update()

    def show_spectrogram(self, spectrogram: SpectrogramModel | None) -> None:
        """Show the spectrogram in place of the waveform, or the waveform again."""
        self.spectrogram = spectrogram
        self.update()

    def set_message(self, message: str) -> None:
        """Set the text to show if there is no waveform."""
        if message != self._message:
            self._message = message
            self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the model to the new width."""
        self.model.resize(event.size().width())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the visible part."""
        colours = colours_of(self.palette())
        painter = QPainter(self)
        painter.fillRect(self.rect(), colours.background)
        self._draw_selection(painter, colours)
        if self.spectrogram:
            self._draw_spectrogram(painter, colours, self.spectrogram)
        else:
            self._draw_lanes(painter, colours)
            self._draw_gain(painter, colours)
        self._draw_ruler(painter, colours)
        self.lane.paint(painter, self.model.axis, RULER_HEIGHT, colours, self.held)
        self._draw_words(painter, colours)
        self._draw_playhead(painter, colours)
        if self._message and not self.model.duration_s:
            painter.setPen(colours.muted)
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._message)
        if self.hasFocus():
            painter.setPen(QPen(colours.accent, 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Start a click or a selection; with Shift, select from the playhead to here."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        second = self.model.axis.to_unit(event.position().x())
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.model.select(self.model.playhead_s, second)
            return
        if RULER_HEIGHT <= event.position().y() < ABOVE:
            self.held = self.lane.end_at(self.model.axis, event.position().x())
            if self.held:
                return
        self._pressed = event.position().x()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Select from where the button was pressed, or move the end that it took hold of."""
        here = event.position().x()
        if self.held:
            self.held = self.held.to(self.model.axis.to_unit(here))
            self.update()
            return
        in_lane = RULER_HEIGHT <= event.position().y() < ABOVE
        over = in_lane and self.lane.end_at(self.model.axis, here)
        shapes = Qt.CursorShape
        self.setCursor(shapes.SizeHorCursor if over else shapes.IBeamCursor)
        if self._pressed is not None and abs(here - self._pressed) >= DRAG_PIXELS:
            axis = self.model.axis
            self.model.select(axis.to_unit(self._pressed), axis.to_unit(here))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Seek to the clicked position, or to the start of the selection."""
        if self.held:
            moved, self.held = self.held, None
            self.segment_moved.emit(moved)
            return
        if self._pressed is None:
            return
        clicked = abs(event.position().x() - self._pressed) < DRAG_PIXELS
        self._pressed = None
        if clicked:
            self.model.clear_selection()
            self.seek_requested.emit(self.model.axis.to_unit(event.position().x()))
        elif self.model.selection:
            self.seek_requested.emit(self.model.selection[0])

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom around the pointer; scroll with Shift or a sideways wheel."""
        turned = event.angleDelta()
        shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if shift or abs(turned.x()) > abs(turned.y()):
            self.model.scroll(-(turned.x() or turned.y()))
        else:
            self.model.zoom(ZOOM_STEP ** (turned.y() / NOTCH), event.position().x())
        event.accept()

    def event(self, event: QEvent) -> bool:
        """Zoom with a pinch gesture."""
        pinch = Qt.NativeGestureType.ZoomNativeGesture
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == pinch:
            self.model.zoom(1 + event.value(), event.position().x())
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the playhead and zoom; with Shift, select."""
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
            self._seek(moves[key], event.modifiers())
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            model.zoom(ZOOM_STEP)
        elif key == Qt.Key.Key_Minus:
            model.zoom(1 / ZOOM_STEP)
        elif key == Qt.Key.Key_Escape and model.selection:
            model.clear_selection()
        else:
            event.ignore()

    def _seek(self, second: float, modifiers: Qt.KeyboardModifier) -> None:
        second = min(max(second, 0.0), self.model.duration_s)
        if modifiers & Qt.KeyboardModifier.ShiftModifier:
            start, stop = self.model.selection or (self.model.playhead_s, self.model.playhead_s)
            fixed = stop if self.model.playhead_s == start else start
            self.model.select(fixed, second)
        self.seek_requested.emit(second)

    def _draw_selection(self, painter: QPainter, colours: Colours) -> None:
        if not self.model.selection:
            return
        left, right = map(self.model.axis.to_pixel, self.model.selection)
        tint = QColor(colours.accent)
        tint.setAlpha(50)
        area = QRectF(left, ABOVE, right - left, self.height() - ABOVE)
        painter.fillRect(area, tint)
        painter.setPen(QPen(colours.accent, 1))
        painter.drawRect(area)

    def _draw_lanes(self, painter: QPainter, colours: Colours) -> None:
        peaks = self.model.columns()
        channels = peaks.shape[2]
        height = (self.height() - ABOVE - WORDS_HEIGHT) // channels
        painter.setPen(colours.line)
        for channel in range(channels):
            top = ABOVE + height * channel
            painter.drawLine(QLineF(0, top + height / 2, self.width(), top + height / 2))
            rows = lane_rows(peaks[:, :, channel], height, self.model.gain)
            # One image: a line per column would create a thousand objects in every frame.
            image = QImage(
                rows.data, rows.shape[1], height, rows.shape[1], QImage.Format.Format_Indexed8
            )
            image.setColorTable([0, colours.wave.rgba()])
            painter.drawImage(0, top, image)

    def _draw_spectrogram(
        self, painter: QPainter, colours: Colours, spectrogram: SpectrogramModel
    ) -> None:
        """Draw the tiles in view, from quiet in the background's colour to loud in the text's."""
        axis, height = self.model.axis, self.height() - ABOVE - WORDS_HEIGHT
        quiet, loud = colours.background, colours.text
        shades = [
            QColor.fromRgbF(*(a + (b - a) * n / 255 for a, b in _channels(quiet, loud))).rgba()
            for n in range(256)
        ]
        for start_s, tile in spectrogram.visible(axis):
            rows, columns = tile.shape
            image = QImage(tile.data, columns, rows, columns, QImage.Format.Format_Indexed8)
            image.setColorTable(shades)
            place = QRectF(axis.to_pixel(start_s), ABOVE, columns, height)
            painter.drawImage(place, image)

    def _draw_gain(self, painter: QPainter, colours: Colours) -> None:
        """Show the scale of a quiet recording."""
        if (gain := self.model.gain) > 1:
            painter.setPen(colours.muted)
            area = QRectF(0, ABOVE + 4, self.width() - 8, RULER_HEIGHT)
            painter.drawText(
                area, int(Qt.AlignmentFlag.AlignRight), f"Scale \N{MULTIPLICATION SIGN}{gain}"
            )

    def _draw_ruler(self, painter: QPainter, colours: Colours) -> None:
        axis = self.model.axis
        painter.fillRect(0, 0, self.width(), RULER_HEIGHT, colours.surface)
        painter.setPen(colours.line)
        painter.drawLine(0, RULER_HEIGHT, self.width(), RULER_HEIGHT)
        if not axis.length:
            return
        step = nice_step(axis.scale * MIN_MARK_PIXELS)
        for number in range(ceil(axis.start / step), int(axis.stop / step) + 1):
            x = axis.to_pixel(number * step)
            painter.setPen(colours.line)
            painter.drawLine(QLineF(x, RULER_HEIGHT - 6, x, RULER_HEIGHT))
            painter.setPen(colours.muted)
            painter.drawText(QPointF(x + 4, RULER_HEIGHT - 8), format_time(number * step, step))

    def _draw_words(self, painter: QPainter, colours: Colours) -> None:
        """Draw each word at its start, if there is space for most."""
        axis = self.model.axis
        metrics = QFontMetricsF(self.font())
        bottom = self.height() - WORDS_HEIGHT
        if self._words.count(axis.start, axis.stop) * MIN_WORD_PIXELS > self.width():
            painter.setPen(colours.muted)
            painter.drawText(QPointF(8, bottom + 16), "Zoom in to see the words.")
            return
        painter.setPen(colours.text)
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


def _channels(one: QColor, other: QColor) -> Iterator[tuple[float, float]]:
    """Yield red, green and blue of two colours, 0 to 1."""
    yield one.redF(), other.redF()
    yield one.greenF(), other.greenF()
    yield one.blueF(), other.blueF()
