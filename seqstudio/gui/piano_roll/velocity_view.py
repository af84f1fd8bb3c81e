"""The lane below the roll: how loud each note is, as a bar at its onset."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from seqstudio.gui.piano_roll.model import RollModel
from seqstudio.gui.piano_roll.mouse import Hand
from seqstudio.gui.piano_roll.note_index import NoteIndex, Numbers
from seqstudio.gui.piano_roll.paint import MANY, picture
from seqstudio.gui.piano_roll.view import held_keys
from seqstudio.gui.widgets.theme import colours_of

HEIGHT = 76
TOP = 6  # pixels above the loudest
MARKED = np.array((32, 64, 96, 127))  # velocities with a line


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

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint what is seen."""
        painter = QPainter(self)
        colours = colours_of(self.palette())
        painter.fillRect(self.rect(), colours.ground)
        painter.setPen(colours.line)
        painter.drawLine(0, 0, self.width(), 0)
        for y in self._y_of(MARKED).tolist():
            painter.fillRect(0, int(y), self.width(), 1, colours.line)
        still, chosen, lifted = self._model.layers()
        self._paint_bars(painter, still, colours.note, 2)
        for notes in (chosen, lifted):
            self._paint_bars(painter, notes, colours.accent, 4)
        if self.hasFocus():
            painter.setPen(QPen(colours.accent, 1, Qt.PenStyle.DashLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of velocities."""
        if event.button() == Qt.MouseButton.LeftButton:
            at = event.position()
            self._hand.press_weight(at.x(), self._velocity_at(at.y()), held_keys(event))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with them."""
        self._hand.drag_weight(event.position().x(), self._velocity_at(event.position().y()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._hand.release()

    def _paint_bars(self, painter: QPainter, notes: NoteIndex, colour: QColor, wide: int) -> None:
        """Paint one bar each where there are few, else the loudest of each pixel."""
        axis = self._model.sight.x
        first, stop = np.searchsorted(notes.onsets, (axis.start, axis.stop))
        x = (notes.onsets[first:stop] - axis.start) / axis.scale
        velocities = notes.velocities[first:stop]
        if len(x) > MANY:
            columns = np.clip(x.astype(np.int64), 0, axis.pixels - 1)
            loudest = np.zeros(axis.pixels, np.int64)
            np.maximum.at(loudest, columns, velocities)
            heights = loudest * (self.height() - TOP) // 127
            covered = np.arange(self.height(), 0, -1)[:, None] <= heights
            painter.drawImage(0, 0, picture(covered, colour))
            return
        bottom = float(self.height())
        spots = list(zip(x.tolist(), self._y_of(velocities).tolist(), strict=True))
        painter.setPen(QPen(colour, wide))
        painter.drawLines([QLineF(at, bottom, at, y) for at, y in spots])
        painter.setBrush(colour)
        painter.setPen(Qt.PenStyle.NoPen)
        half = wide / 2 + 1.5
        painter.drawRects([QRectF(at - half, y - half, 2 * half, 2 * half) for at, y in spots])

    def _y_of(self, velocities: Numbers) -> NDArray[np.floating[Any]]:
        return self.height() - velocities / 127 * (self.height() - TOP)

    def _velocity_at(self, y: float) -> float:
        return (self.height() - y) * 127 / (self.height() - TOP)

    def _describe(self) -> None:
        self.setAccessibleDescription(self._model.described)
