"""What stands around the piano roll: the ruler above and the keys at its left."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from seqstudio.gui.piano_roll.model import RollModel
from seqstudio.gui.piano_roll.note_names import BLACK, drum_name, key_name
from seqstudio.gui.piano_roll.signatures import Signs
from seqstudio.gui.widgets.theme import Colours, colours_of

RULER_HEIGHT = 38
KEYS_WIDTH = 64
DRUMS_WIDTH = 112
LEAST_BEAT = 9  # pixels
LABEL_PIXELS = 46  # between two bar numbers
SIGN_PIXELS = 92  # between two meters or tempos
LEAST_NAMED = 11  # pixels of a row that is named


class RulerView(QWidget):
    """Bars, beats, meters and tempos; a press puts the keyboard's place there."""

    pressed = Signal(float)  # at which second

    def __init__(self, model: RollModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.setFixedHeight(RULER_HEIGHT)
        self.setAccessibleName("Ruler of bars and beats")
        self.setToolTip("Bars and beats; click to put the cursor there, and to hear from there")
        model.sight.changed.connect(self.update)
        model.sight.playhead_changed.connect(self.update)
        model.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint what is seen."""
        painter = QPainter(self)
        colours = colours_of(self.palette())
        painter.fillRect(self.rect(), colours.raised)
        painter.setPen(colours.line)
        painter.drawLine(0, self.height() - 1, self.width(), self.height() - 1)
        if sheet := self._model.sheet:
            self._paint_bars(painter, colours)
            self._paint_signs(painter, colours, sheet.signs)
        if self._model.sight.playhead is not None:
            self._paint_arrow(painter, self._model.sight.playhead, colours.playhead)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Put the cursor at the nearest grid line; what is heard begins there."""
        model = self._model
        if (place := model.place) and model.sheet:
            tick = int(place.bars.snapped(model.sight.tick_at(event.position().x()), place.step))
            model.put_cursor(tick, model.cursor[1])
            self.pressed.emit(model.sheet.timeline.seconds(tick))

    def _paint_bars(self, painter: QPainter, colours: Colours) -> None:
        sheet, axis = self._model.sheet, self._model.sight.x
        if sheet is None:
            return
        bottom = self.height() - 1
        for line in sheet.bars.lines(axis.start, axis.stop, LEAST_BEAT * axis.scale):
            x = int(axis.to_pixel(line.tick))
            painter.setPen(colours.faint if line.beat == 1 else colours.line)
            painter.drawLine(x, bottom - (8 if line.beat == 1 else 4), x, bottom)
        painter.setPen(colours.ink)
        first = axis.start - LABEL_PIXELS * axis.scale
        free = -float(LABEL_PIXELS)
        for line in sheet.bars.lines(first, axis.stop, LABEL_PIXELS * axis.scale):
            left = axis.to_pixel(line.tick)
            if line.beat == 1 and left >= free:
                painter.drawText(QPointF(left + 4, bottom - 4), f"{line.bar}")
                free = left + LABEL_PIXELS / 2

    def _paint_signs(self, painter: QPainter, colours: Colours, signs: Signs) -> None:
        """Write meters and tempos above the bars; the ones in force stay at the left edge."""
        axis = self._model.sight.x
        painter.setFont(_smaller(painter.font()))
        painter.setPen(colours.faint)
        for tick, text in signs.seen(axis.start, axis.stop, SIGN_PIXELS * axis.scale):
            painter.drawText(QPointF(axis.to_pixel(tick) + 4, 13), text)

    def _paint_arrow(self, painter: QPainter, tick: float, colour: QColor) -> None:
        x, bottom = self._model.sight.x.to_pixel(tick), self.height()
        painter.setBrush(colour)
        painter.setPen(Qt.PenStyle.NoPen)
        corners = ((x - 6, bottom - 10), (x + 6, bottom - 10), (x, bottom))
        painter.drawPolygon(QPolygonF([QPointF(*corner) for corner in corners]))


class KeysView(QWidget):
    """The keyboard at the left of the roll; drums by their names."""

    def __init__(self, model: RollModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Keys")
        model.sight.changed.connect(self.update)
        model.selection_changed.connect(self.update)
        model.score.changed.connect(self._fit)

    def sizeHint(self) -> QSize:
        """Give room for the names of drums where there are drums."""
        return QSize(DRUMS_WIDTH if self._model.score.is_drums else KEYS_WIDTH, 1)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint what is seen."""
        painter = QPainter(self)
        colours, sight = colours_of(self.palette()), self._model.sight
        drums = self._model.score.is_drums
        white, black = (colours.ground, colours.ink)
        if not drums and colours.ground.lightness() < 128:  # white keys are light in the dark too
            white, black = (colours.faint, colours.ground)
        painter.fillRect(self.rect(), white)
        painter.setFont(_smaller(painter.font()))
        high, low = int(sight.pitch_at(0)), max(int(sight.pitch_at(self.height())), 0)
        for pitch in range(low, min(high, 127) + 1):
            box = QRectF(0, sight.y_of(pitch), self.width(), sight.row_height)
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
        height = self._model.sight.row_height
        if drums:
            return height >= LEAST_NAMED
        return pitch % 12 == 0 or (height >= LEAST_NAMED and pitch % 12 not in BLACK)

    def _paint_cursor(self, painter: QPainter, colours: Colours) -> None:
        sight, pitch = self._model.sight, self._model.cursor[1]
        painter.setPen(QPen(colours.accent, 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(1, sight.y_of(pitch), self.width() - 3, sight.row_height))

    def _fit(self) -> None:
        self.updateGeometry()
        self.update()


def _paint_key(painter: QPainter, box: QRectF, pitch: int, black: QColor) -> None:
    if pitch % 12 in BLACK:
        painter.fillRect(box.adjusted(0, 0, -box.width() * 0.45, 0), black)
    if pitch % 12 in (0, 5):
        edge = QColor(black)
        edge.setAlphaF(0.4)
        painter.fillRect(QRectF(0, box.bottom() - 1, box.width(), 1), edge)


def _smaller(font: QFont) -> QFont:
    small = QFont(font)
    small.setPointSizeF(max(font.pointSizeF() * 0.85, 7.0))
    return small
