"""The lane below the roll: how loud each note is, as a bar at its onset."""

import numpy as np
from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from seqstudio.gui.roll import RollModel
from seqstudio.gui.roll_hand import Hand
from seqstudio.gui.roll_index import NoteIndex
from seqstudio.gui.roll_view import held_keys
from seqstudio.gui.theme import colours_of

HEIGHT = 76
TOP = 6  # pixels above the loudest
FEW = 1500  # bars with a knob each


class VelocityView(QWidget):
    """Bars to pull up and down; takes the same keys as the roll."""

    def __init__(self, model: RollModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._hand = Hand(model)
        self.setFixedHeight(HEIGHT)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Velocity lane")
        self.setToolTip("Velocity: drag a bar, or Ctrl+Up and Ctrl+Down for the chosen notes")
        model.changed.connect(self.update)
        model.sight.changed.connect(self.update)
        model.selection_changed.connect(self._describe)
        self._describe()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint what is seen."""
        painter = QPainter(self)
        colours = colours_of(self.palette())
        painter.fillRect(self.rect(), colours.ground)
        painter.setPen(colours.line)
        painter.drawLine(0, 0, self.width(), 0)
        for velocity in (32, 64, 96, 127):
            y = int(self._y_of(velocity))
            painter.drawLine(0, y, self.width(), y)
        still, chosen, lifted = self._model.layers()
        self._paint_bars(painter, still, colours.note, 2)
        for notes in (chosen, lifted):
            self._paint_bars(painter, notes, colours.accent, 4)
        if self.hasFocus():
            painter.setPen(QPen(colours.accent, 1, Qt.PenStyle.DashLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Take hold of velocities."""
        if event.button() == Qt.MouseButton.LeftButton:
            at = event.position()
            self._hand.press_weight(at.x(), self._velocity_at(at.y()), held_keys(event))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Go on with them."""
        self._hand.drag_weight(event.position().x(), self._velocity_at(event.position().y()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Let go."""
        self._hand.release()

    def _paint_bars(self, painter: QPainter, notes: NoteIndex, colour: QColor, wide: int) -> None:
        """Paint one bar each where there are few, else the loudest of each pixel."""
        axis = self._model.sight.x
        first, stop = np.searchsorted(notes.onsets, (axis.start, axis.stop))
        if first == stop:
            return
        x = ((notes.onsets[first:stop] - axis.start) / axis.scale).astype(np.int64)
        values = notes.velocities[first:stop]
        knobs = len(x) <= FEW
        if not knobs:
            loudest = np.zeros(axis.pixels + 1, np.int64)
            np.maximum.at(loudest, np.clip(x, 0, axis.pixels), values)
            x = np.flatnonzero(loudest)
            values = loudest[x]
        bottom = self.height()
        spots = [(at, self._y_of(v)) for at, v in zip(x.tolist(), values.tolist(), strict=True)]
        painter.setPen(QPen(colour, wide if knobs else 1))
        painter.drawLines([QLineF(at, bottom, at, y) for at, y in spots])
        if knobs:
            painter.setBrush(colour)
            painter.setPen(Qt.PenStyle.NoPen)
            half = wide / 2 + 1.5
            painter.drawRects([QRectF(at - half, y - half, 2 * half, 2 * half) for at, y in spots])

    def _y_of(self, velocity: float) -> float:
        return self.height() - velocity / 127 * (self.height() - TOP)

    def _velocity_at(self, y: float) -> float:
        return (self.height() - y) * 127 / (self.height() - TOP)

    def _describe(self) -> None:
        self.setAccessibleDescription(self._model.described)
