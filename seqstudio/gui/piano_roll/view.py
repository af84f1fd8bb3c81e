"""The piano roll on the screen: paints a `RollModel`, and passes mouse and keys on."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from seqstudio.gui.piano_roll.gestures import Boxing
from seqstudio.gui.piano_roll.model import RollModel
from seqstudio.gui.piano_roll.mouse import Hand, Held
from seqstudio.gui.piano_roll.paint import Brush, paint_lines, paint_notes, paint_rows
from seqstudio.gui.widgets.theme import Colours, colours_of

ZOOM_STEP = 1.2  # for each notch of the wheel
NOTCH = 120  # of a wheel, in Qt's eighths of a degree
WHEEL_PIXELS = 60


class RollView(QWidget):
    """Notes over time; the roll takes the keyboard."""

    def __init__(self, model: RollModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._hand = Hand(model)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(160, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Piano roll")
        model.changed.connect(self.update)
        model.sight.changed.connect(self.update)
        model.sight.playhead_changed.connect(self.update)
        model.selection_changed.connect(self._describe)
        model.score.changed.connect(self._describe)
        self._describe()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out as much as there is room for."""
        self._model.sight.resize(event.size().width(), event.size().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint what is seen."""
        painter = QPainter(self)
        colours = colours_of(self.palette())
        model = self._model
        paint_rows(painter, model.sight, colours, drums=model.score.is_drums)
        if place := model.place:
            paint_lines(painter, model.sight, place.bars, place.step, colours)
        self._paint_layers(painter, colours)
        self._paint_marks(painter, colours)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of what is there; the right button rubs out."""
        erase = event.button() == Qt.MouseButton.RightButton
        if erase or event.button() == Qt.MouseButton.LeftButton:
            at = event.position()
            self._hand.press(at.x(), at.y(), held_keys(event), erase=erase)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with what is held, else show what a press would do."""
        at = event.position()
        if event.buttons():
            self._hand.drag(at.x(), at.y())
        else:
            self._show_hand(at, held_keys(event))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._hand.release()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll; with Ctrl zoom time, with Ctrl and Shift the rows."""
        turned = event.angleDelta()
        notches = (turned.y() or turned.x()) / NOTCH
        keys, sight, at = event.modifiers(), self._model.sight, event.position()
        shift = bool(keys & Qt.KeyboardModifier.ShiftModifier)
        if keys & Qt.KeyboardModifier.ControlModifier:
            if shift:
                sight.zoom_rows(ZOOM_STEP**notches, at.y())
            else:
                sight.zoom(ZOOM_STEP**notches, at.x())
        elif shift:
            sight.scroll(-notches * WHEEL_PIXELS)
        else:
            sight.scroll(-turned.x() / NOTCH * WHEEL_PIXELS, -turned.y() / NOTCH * WHEEL_PIXELS)
        event.accept()

    def _paint_layers(self, painter: QPainter, colours: Colours) -> None:
        model, drums = self._model, self._model.score.is_drums
        ghost = QColor(colours.faint)
        ghost.setAlphaF(0.3)
        paint_notes(painter, model.sight, model.others, Brush(ghost, ghost))
        still, chosen, lifted = model.layers()
        plain = Brush(colours.note, colours.ground, drums=drums, shaded=True)
        strong = Brush(colours.accent, colours.ink, 2.0, drums=drums)
        paint_notes(painter, model.sight, still, plain)
        paint_notes(painter, model.sight, chosen, strong)
        paint_notes(painter, model.sight, lifted, strong)

    def _paint_marks(self, painter: QPainter, colours: Colours) -> None:
        model, sight = self._model, self._model.sight
        if words := model.empty_words:
            painter.setPen(colours.faint)
            box = self.rect().adjusted(24, 24, -24, -24)
            wrapped = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(box, int(wrapped), words)
        if isinstance(band := model.gesture, Boxing):
            corners = (
                QPointF(sight.x.to_pixel(tick), sight.y.to_pixel(128 - pitch))
                for tick, pitch in ((band.tick, band.pitch), (band.to_tick, band.to_pitch))
            )
            tint = QColor(colours.accent)
            tint.setAlphaF(0.15)
            painter.setPen(QPen(colours.accent, 1, Qt.PenStyle.DashLine))
            painter.setBrush(tint)
            painter.drawRect(QRectF(*corners).normalized())
        if self.hasFocus():
            painter.setPen(QPen(colours.accent, 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
            if model.place:
                self._paint_cursor(painter, colours)
        if sight.playhead is not None:
            painter.setPen(QPen(colours.playhead, 2))
            x = int(sight.x.to_pixel(sight.playhead))
            painter.drawLine(x, 0, x, self.height())

    def _paint_cursor(self, painter: QPainter, colours: Colours) -> None:
        """Paint the place of the keyboard: where Insert writes a note."""
        model, sight = self._model, self._model.sight
        tick, pitch = model.cursor
        width = model.new_length() / sight.x.scale
        box = QRectF(sight.x.to_pixel(tick), sight.y_of(pitch), max(width, 6), sight.row_height)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colours.ink, 1, Qt.PenStyle.DashLine))
        painter.drawRect(box)

    def _show_hand(self, at: QPointF, held: Held) -> None:
        shapes = Qt.CursorShape
        tool = self._hand.tool(held)
        shape = shapes.CrossCursor if tool == "draw" else shapes.ArrowCursor
        if tool == "erase":
            shape = shapes.ForbiddenCursor
        elif self._hand.at_end(at.x(), at.y()):
            shape = shapes.SizeHorCursor
        elif self._hand.hit(at.x(), at.y()) >= 0:
            shape = shapes.OpenHandCursor
        self.setCursor(shape)

    def _describe(self) -> None:
        self.setAccessibleDescription(self._model.described)


def held_keys(event: QMouseEvent) -> Held:
    """Read the keys that are down with a mouse event."""
    keys = event.modifiers()
    return Held(
        add=bool(keys & Qt.KeyboardModifier.ShiftModifier),
        other=bool(keys & Qt.KeyboardModifier.ControlModifier),
    )
