"""The piano roll widget: paints a `PianoRollModel` and passes mouse events on."""

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

from seqstudio.gui.piano_roll.gestures import BoxSelection
from seqstudio.gui.piano_roll.model import PianoRollModel
from seqstudio.gui.piano_roll.mouse import ModifierKeys, MouseInput
from seqstudio.gui.piano_roll.paint import (
    NoteStyle,
    paint_bars,
    paint_grid,
    paint_locks,
    paint_notes,
    paint_rows,
)
from seqstudio.gui.widgets.colours import Colours, colours_of

ZOOM_STEP = 1.2  # per notch of the wheel
NOTCH = 120  # of the wheel, in Qt's eighths of a degree
WHEEL_PIXELS = 60  # scrolled per notch


class PianoRollView(QWidget):
    """Notes over time; takes the keyboard focus."""

    def __init__(self, model: PianoRollModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._mouse = MouseInput(model)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(160, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Piano roll")
        model.changed.connect(self.update)
        model.viewport.changed.connect(self.update)
        model.viewport.playhead_changed.connect(self.update)
        model.selection_changed.connect(self._describe)
        model.score.changed.connect(self._describe)
        self._describe()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the viewport to the new size."""
        self._model.viewport.resize(event.size().width(), event.size().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the visible part."""
        painter = QPainter(self)
        colours = colours_of(self.palette())
        model = self._model
        paint_rows(painter, model.viewport, colours, drums=model.score.is_drums)
        if target := model.target:
            paint_grid(painter, model.viewport, target.bars, target.step, colours)
        paint_bars(painter, model, self.height(), colours, opacity=0.12)
        self._paint_layers(painter, colours)
        paint_locks(painter, model.viewport, model.locked, colours)
        self._paint_overlays(painter, colours)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Start a gesture; the right button erases."""
        erase = event.button() == Qt.MouseButton.RightButton
        if erase or event.button() == Qt.MouseButton.LeftButton:
            at = event.position()
            self._mouse.press(at.x(), at.y(), modifier_keys(event), erase=erase)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Continue the gesture, or show with the pointer what a press would do."""
        at = event.position()
        if event.buttons():
            self._mouse.drag(at.x(), at.y())
        else:
            self._update_cursor_shape(at, modifier_keys(event))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Finish the gesture."""
        self._mouse.release()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll; with Ctrl zoom in time, with Ctrl and Shift change the row height."""
        turned = event.angleDelta()
        notches = (turned.y() or turned.x()) / NOTCH
        keys, viewport, at = event.modifiers(), self._model.viewport, event.position()
        shift = bool(keys & Qt.KeyboardModifier.ShiftModifier)
        if keys & Qt.KeyboardModifier.ControlModifier:
            if shift:
                viewport.zoom_rows(ZOOM_STEP**notches, at.y())
            else:
                viewport.zoom(ZOOM_STEP**notches, at.x())
        elif shift:
            viewport.scroll(-notches * WHEEL_PIXELS)
        else:
            viewport.scroll(-turned.x() / NOTCH * WHEEL_PIXELS, -turned.y() / NOTCH * WHEEL_PIXELS)
        event.accept()

    def _paint_layers(self, painter: QPainter, colours: Colours) -> None:
        model, drums = self._model, self._model.score.is_drums
        for track, notes in model.others_by_track:
            ghost = QColor(colours.of_track(track))
            ghost.setAlphaF(0.35)
            paint_notes(painter, model.viewport, notes, NoteStyle(ghost, ghost))
        unselected, selected, preview = model.layers()
        own = colours.of_track(model.score.track)
        plain = NoteStyle(own, colours.background, drums=drums, shaded=True)
        strong = NoteStyle(colours.accent, colours.text, 2.0, drums=drums)
        paint_notes(painter, model.viewport, unselected, plain)
        paint_notes(painter, model.viewport, selected, strong)
        paint_notes(painter, model.viewport, preview, strong)

    def _paint_overlays(self, painter: QPainter, colours: Colours) -> None:
        model, viewport = self._model, self._model.viewport
        if text := model.empty_text:
            painter.setPen(colours.muted)
            box = self.rect().adjusted(24, 24, -24, -24)
            wrapped = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(box, int(wrapped), text)
        if isinstance(band := model.gesture, BoxSelection):
            corners = (
                QPointF(viewport.x.to_pixel(tick), viewport.y.to_pixel(128 - pitch))
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
            if model.target:
                self._paint_cursor(painter, colours)
        if viewport.playhead is not None:
            painter.setPen(QPen(colours.playhead, 2))
            x = int(viewport.x.to_pixel(viewport.playhead))
            painter.drawLine(x, 0, x, self.height())

    def _paint_cursor(self, painter: QPainter, colours: Colours) -> None:
        """Paint the keyboard cursor: where Insert adds a note."""
        model, viewport = self._model, self._model.viewport
        tick, pitch = model.cursor
        left, top = viewport.x.to_pixel(tick), viewport.row_top(pitch)
        width = max(model.new_length() / viewport.x.scale, 6)
        box = QRectF(left, top, width, viewport.row_height)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colours.text, 1, Qt.PenStyle.DashLine))
        painter.drawRect(box)

    def _update_cursor_shape(self, at: QPointF, keys: ModifierKeys) -> None:
        shapes = Qt.CursorShape
        tool = self._mouse.tool(keys)
        shape = shapes.CrossCursor if tool == "draw" else shapes.ArrowCursor
        if tool == "erase":
            shape = shapes.ForbiddenCursor
        elif self._mouse.is_note_end(at.x(), at.y()):
            shape = shapes.SizeHorCursor
        elif self._mouse.note_at(at.x(), at.y()) >= 0:
            shape = shapes.OpenHandCursor
        self.setCursor(shape)

    def _describe(self) -> None:
        self.setAccessibleDescription(self._model.description)


def modifier_keys(event: QMouseEvent) -> ModifierKeys:
    """Return the modifier keys of a mouse event."""
    keys = event.modifiers()
    return ModifierKeys(
        add=bool(keys & Qt.KeyboardModifier.ShiftModifier),
        switch_tool=bool(keys & Qt.KeyboardModifier.ControlModifier),
    )
