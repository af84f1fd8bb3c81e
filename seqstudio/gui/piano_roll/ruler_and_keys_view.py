"""The ruler above the piano roll, and the keyboard at its left."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from seqstudio.gui.piano_roll.model import PianoRollModel
from seqstudio.gui.piano_roll.note_names import BLACK_KEYS, drum_name, key_name
from seqstudio.gui.piano_roll.paint import paint_bars
from seqstudio.gui.piano_roll.score import ScoreInfo
from seqstudio.gui.piano_roll.signatures import Signatures
from seqstudio.gui.widgets.colours import Colours, colours_of
from seqstudio.gui.widgets.metrics import styled

RULER_HEIGHT = 38
SIGNATURE_HEIGHT = 18  # of the line of meters and tempos
KEYS_WIDTH = 64
DRUMS_WIDTH = 112
MIN_BEAT_PIXELS = 9  # between two beats
LABEL_PIXELS = 46  # between two bar numbers
SIGNATURE_PIXELS = 92  # between two meters or tempos
MIN_LABEL_PIXELS = 11  # height from which rows are labelled


class RulerView(QWidget):
    """Bars, beats, meters and tempos; a click moves the cursor and the playback position."""

    seek_requested = Signal(float)  # seconds
    tempo_requested = Signal()  # change tempo and meter at the cursor

    def __init__(self, model: PianoRollModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.setFixedHeight(RULER_HEIGHT)
        self.setAccessibleName("Ruler: bars and beats")
        self.setToolTip(
            "Bars and beats. Click to move the cursor and to play from there; drag to choose bars."
        )
        model.viewport.changed.connect(self.update)
        model.viewport.playhead_changed.connect(self.update)
        model.changed.connect(self.update)
        self._pressed = 0  # the bar at which a drag began; 0: none

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the visible part."""
        painter = QPainter(self)
        colours = colours_of(self.palette())
        painter.fillRect(self.rect(), colours.surface)
        paint_bars(painter, self._model, self.height(), colours, opacity=0.35)
        painter.setPen(colours.line)
        painter.drawLine(0, self.height() - 1, self.width(), self.height() - 1)
        if info := self._model.info:
            self._paint_bars(painter, colours)
            self._paint_signatures(painter, colours, info.signatures)
        if self._model.viewport.playhead is not None:
            self._paint_arrow(painter, self._model.viewport.playhead, colours.playhead)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Move the cursor and the playback position to the nearest grid line."""
        model = self._model
        if (target := model.target) and model.info:
            pointed = model.viewport.tick_at(event.position().x())
            tick = int(target.bars.snapped(pointed, target.step))
            model.set_cursor(tick, model.cursor[1])
            model.choose_bars(None)
            self._pressed = self._bar_at(model.info, event)
            self.seek_requested.emit(model.info.tempo_map.seconds(tick))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Choose the bars from the one that was pressed to this one."""
        model = self._model
        if self._pressed and model.info:
            bar = self._bar_at(model.info, event)
            model.choose_bars((min(bar, self._pressed), max(bar, self._pressed)))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the drag."""
        self._pressed = 0

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Choose one bar; above the bars, change meter and tempo there."""
        model = self._model
        if model.info is None:
            return
        bar = self._bar_at(model.info, event)
        if event.position().y() < SIGNATURE_HEIGHT:
            self.tempo_requested.emit()
        else:
            model.choose_bars((bar, bar))

    def _bar_at(self, info: ScoreInfo, event: QMouseEvent) -> int:
        tick = self._model.viewport.tick_at(event.position().x())
        return info.bars.bar_at(max(tick, 0))[0].bar

    def _paint_bars(self, painter: QPainter, colours: Colours) -> None:
        info, axis = self._model.info, self._model.viewport.x
        if info is None:
            return
        bottom = self.height() - 1
        for line in info.bars.lines(axis.start, axis.stop, MIN_BEAT_PIXELS * axis.scale):
            x = int(axis.to_pixel(line.tick))
            painter.setPen(colours.muted if line.beat == 1 else colours.line)
            painter.drawLine(x, bottom - (8 if line.beat == 1 else 4), x, bottom)
        painter.setPen(colours.text)
        first = axis.start - LABEL_PIXELS * axis.scale
        free = -float(LABEL_PIXELS)
        for line in info.bars.lines(first, axis.stop, LABEL_PIXELS * axis.scale):
            left = axis.to_pixel(line.tick)
            if line.beat == 1 and left >= free:
                painter.drawText(QPointF(left + 4, bottom - 4), f"{line.bar}")
                free = left + LABEL_PIXELS / 2

    def _paint_signatures(
        self, painter: QPainter, colours: Colours, signatures: Signatures
    ) -> None:
        """Paint meters and tempos above the bars; the current ones stay at the left edge."""
        axis = self._model.viewport.x
        painter.setFont(styled(painter.font(), "small"))
        painter.setPen(colours.muted)
        for tick, text in signatures.visible(axis.start, axis.stop, SIGNATURE_PIXELS * axis.scale):
            painter.drawText(QPointF(axis.to_pixel(tick) + 4, 13), text)

    def _paint_arrow(self, painter: QPainter, tick: float, colour: QColor) -> None:
        x, bottom = self._model.viewport.x.to_pixel(tick), self.height()
        painter.setBrush(colour)
        painter.setPen(Qt.PenStyle.NoPen)
        corners = ((x - 6, bottom - 10), (x + 6, bottom - 10), (x, bottom))
        painter.drawPolygon(QPolygonF([QPointF(*corner) for corner in corners]))


class KeysView(QWidget):
    """The keyboard at the left of the roll, or the names of drums."""

    def __init__(self, model: PianoRollModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Keys")
        model.viewport.changed.connect(self.update)
        model.selection_changed.connect(self.update)
        model.score.changed.connect(self._fit)

    def sizeHint(self) -> QSize:
        """Return a wider size for the names of drums."""
        return QSize(DRUMS_WIDTH if self._model.score.is_drums else KEYS_WIDTH, 1)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the visible part."""
        painter = QPainter(self)
        colours, viewport = colours_of(self.palette()), self._model.viewport
        drums = self._model.score.is_drums
        white, black = (colours.background, colours.text)
        if not drums and colours.background.lightness() < 128:  # a dark theme: still light keys
            white, black = (colours.muted, colours.background)
        painter.fillRect(self.rect(), white)
        painter.setFont(styled(painter.font(), "small"))
        high, low = int(viewport.pitch_at(0)), max(int(viewport.pitch_at(self.height())), 0)
        for pitch in range(low, min(high, 127) + 1):
            box = QRectF(0, viewport.row_top(pitch), self.width(), viewport.row_height)
            if not drums:
                _paint_key(painter, box, pitch, black)
            if self._is_named(pitch, drums=drums):
                painter.setPen(black)
                text = drum_name(pitch) if drums else key_name(pitch)
                flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                painter.drawText(box.adjusted(2, -4, -6, 4), int(flags), text)
        self._paint_cursor(painter, colours)
        painter.setPen(colours.line)
        painter.drawLine(self.width() - 1, 0, self.width() - 1, self.height())

    def _is_named(self, pitch: int, *, drums: bool) -> bool:
        height = self._model.viewport.row_height
        if drums:
            return height >= MIN_LABEL_PIXELS
        return pitch % 12 == 0 or (height >= MIN_LABEL_PIXELS and pitch % 12 not in BLACK_KEYS)

    def _paint_cursor(self, painter: QPainter, colours: Colours) -> None:
        viewport, pitch = self._model.viewport, self._model.cursor[1]
        painter.setPen(QPen(colours.accent, 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(1, viewport.row_top(pitch), self.width() - 3, viewport.row_height))

    def _fit(self) -> None:
        self.updateGeometry()
        self.update()


def _paint_key(painter: QPainter, box: QRectF, pitch: int, black: QColor) -> None:
    if pitch % 12 in BLACK_KEYS:
        painter.fillRect(box.adjusted(0, 0, -box.width() * 0.45, 0), black)
    if pitch % 12 in (0, 5):
        edge = QColor(black)
        edge.setAlphaF(0.4)
        painter.fillRect(QRectF(0, box.bottom() - 1, box.width(), 1), edge)
