"""The velocity lane below the piano roll: a bar at the onset of each note."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from seqstudio.gui.piano_roll.model import PianoRollModel
from seqstudio.gui.piano_roll.mouse import MouseInput
from seqstudio.gui.piano_roll.note_index import IntArray, NoteIndex
from seqstudio.gui.piano_roll.paint import MANY_NOTES, mask_image
from seqstudio.gui.piano_roll.view import modifier_keys
from seqstudio.gui.widgets.colours import colours_of

HEIGHT = 76
TOP = 6  # pixels above the highest velocity
MARKED_VELOCITIES = np.array((32, 64, 96, 127))  # with a line


class VelocityView(QWidget):
    """Bars to drag up and down; has the same keys as the piano roll."""

    def __init__(self, model: PianoRollModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._mouse = MouseInput(model)
        self.setFixedHeight(HEIGHT)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Velocity lane")
        self.setToolTip("Velocity. Drag a bar, or press Ctrl+Up or Ctrl+Down for selected notes.")
        model.changed.connect(self.update)
        model.viewport.changed.connect(self.update)
        model.selection_changed.connect(self._describe)
        self._describe()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the visible part."""
        painter = QPainter(self)
        colours = colours_of(self.palette())
        painter.fillRect(self.rect(), colours.background)
        painter.setPen(colours.line)
        painter.drawLine(0, 0, self.width(), 0)
        for y in self._y_of(MARKED_VELOCITIES).tolist():
            painter.fillRect(0, int(y), self.width(), 1, colours.line)
        unselected, selected, preview = self._model.layers()
        self._paint_bars(painter, unselected, colours.of_track(self._model.score.track), 2)
        for notes in (selected, preview):
            self._paint_bars(painter, notes, colours.accent, 4)
        if self.hasFocus():
            painter.setPen(QPen(colours.accent, 1, Qt.PenStyle.DashLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Start a velocity change."""
        if event.button() == Qt.MouseButton.LeftButton:
            at = event.position()
            self._mouse.press_velocity(at.x(), self._velocity_at(at.y()), modifier_keys(event))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Continue the velocity change."""
        self._mouse.drag_velocity(event.position().x(), self._velocity_at(event.position().y()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Finish the velocity change."""
        self._mouse.release()

    def _paint_bars(self, painter: QPainter, notes: NoteIndex, colour: QColor, wide: int) -> None:
        """Paint a bar per note if there are few, else the highest velocity of each pixel."""
        axis = self._model.viewport.x
        first, stop = np.searchsorted(notes.onsets, (axis.start, axis.stop))
        x = (notes.onsets[first:stop] - axis.start) / axis.scale
        velocities = notes.velocities[first:stop]
        if len(x) > MANY_NOTES:
            columns = np.clip(x.astype(np.int64), 0, axis.pixels - 1)
            loudest = np.zeros(axis.pixels, np.int64)
            np.maximum.at(loudest, columns, velocities)
            heights = loudest * (self.height() - TOP) // 127
            covered = np.arange(self.height(), 0, -1)[:, None] <= heights
            painter.drawImage(0, 0, mask_image(covered, colour))
            return
        bottom = float(self.height())
        points = list(zip(x.tolist(), self._y_of(velocities).tolist(), strict=True))
        painter.setPen(QPen(colour, wide))
        painter.drawLines([QLineF(at, bottom, at, y) for at, y in points])
        painter.setBrush(colour)
        painter.setPen(Qt.PenStyle.NoPen)
        half = wide / 2 + 1.5
        painter.drawRects([QRectF(at - half, y - half, 2 * half, 2 * half) for at, y in points])

    def _y_of(self, velocities: IntArray) -> NDArray[np.floating[Any]]:
        return self.height() - velocities / 127 * (self.height() - TOP)

    def _velocity_at(self, y: float) -> float:
        return (self.height() - y) * 127 / (self.height() - TOP)

    def _describe(self) -> None:
        self.setAccessibleDescription(self._model.description)
