"""The previews of a training side by side: cards with text or a small piano roll."""

from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from seqstudio.gui.train.previews import REFERENCE, Previews, Sketch, Stage
from seqstudio.gui.widgets.colours import Colours, colours_of

CARD = QSize(176, 104)
GAP = 8


class PreviewStrip(QWidget):
    """The stages as cards in order of training time; the selected one has a thick frame."""

    selected = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._previews = Previews()
        self._sketches: dict[Path, Sketch] = {}
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Previews by training time")
        self.setToolTip("Left and right arrow keys step through the previews.")

    def show_previews(self, previews: Previews, sketches: dict[Path, Sketch]) -> None:
        """Show the current stages."""
        self._previews, self._sketches = previews, sketches
        count = len(previews.stages)
        self.setFixedSize(max(count, 1) * (CARD.width() + GAP) + GAP, CARD.height() + 2 * GAP)
        if stage := previews.stage:
            self.setAccessibleDescription(f"{stage.title}: {stage.text}")
        self.update()

    def card_rect(self, index: int) -> QRectF:
        """Return the rectangle of a stage's card."""
        return QRectF(GAP + index * (CARD.width() + GAP), GAP, CARD.width(), CARD.height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select the stage under the pointer."""
        at = int((event.position().x() - GAP / 2) // (CARD.width() + GAP))
        if 0 <= at < len(self._previews.stages):
            self.selected.emit(at)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Step through the stages."""
        newest = len(self._previews.stages) - 1
        targets = {
            Qt.Key.Key_Left: self._previews.index - 1,
            Qt.Key.Key_Right: self._previews.index + 1,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: newest,
        }
        key = Qt.Key(event.key())
        if key in targets:
            self.selected.emit(min(max(targets[key], 0), newest))
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the visible cards."""
        colours = colours_of(self.palette())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for at, stage in enumerate(self._previews.stages):
            card = self.card_rect(at)
            if card.intersects(QRectF(event.rect())):
                self._draw_card(painter, stage, card, colours, selected=at == self._previews.index)

    def _draw_card(
        self, painter: QPainter, stage: Stage, card: QRectF, colours: Colours, *, selected: bool
    ) -> None:
        painter.setPen(QPen(colours.accent, 3) if selected else QPen(colours.line, 1))
        painter.setBrush(colours.background)
        painter.drawRoundedRect(card, 4, 4)
        inside = card.adjusted(8, 6, -8, -6)
        painter.setPen(colours.text if selected else colours.muted)
        mark = "▸ " if selected else ""
        painter.drawText(inside, Qt.AlignmentFlag.AlignTop, mark + stage.title)
        body = inside.adjusted(0, 20, 0, 0)
        sketch = self._sketches.get(stage.midi) if stage.midi else None
        if sketch:
            draw_sketch(painter, sketch, body, colours)
            return
        painter.setPen(colours.text)
        flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop
        text = "\n".join(words for label, words in stage.lines if label != REFERENCE)
        painter.drawText(body, flags, text)


class SketchView(QWidget):
    """The notes of one preview; fills its widget."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sketch: Sketch | None = None
        self.setMinimumHeight(40)
        self.setAccessibleName("Notes of the selected preview")

    def show_sketch(self, sketch: Sketch | None) -> None:
        """Show these notes; None shows nothing."""
        self._sketch = sketch
        if sketch:
            self.setAccessibleDescription(f"{len(sketch.notes)} notes")
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the notes."""
        colours = colours_of(self.palette())
        painter = QPainter(self)
        painter.fillRect(self.rect(), colours.background)
        if self._sketch:
            draw_sketch(painter, self._sketch, QRectF(self.rect()).adjusted(8, 8, -8, -8), colours)


def draw_sketch(painter: QPainter, sketch: Sketch, box: QRectF, colours: Colours) -> None:
    """Draw notes as a small piano roll that fills a box."""
    pitches = sketch.highest - sketch.lowest + 1
    height = max(min(box.height() / pitches, 8.0), 1.0)
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colours.note)
    for note in sketch.notes:
        x = box.left() + note.onset_ticks / sketch.ticks * box.width()
        width = max(note.length_ticks / sketch.ticks * box.width() - 1, 1.0)
        above = (sketch.highest - note.pitch) / max(pitches - 1, 1)
        painter.drawRect(QRectF(x, box.top() + above * (box.height() - height), width, height))
    painter.setPen(QPen(colours.line))
    painter.drawLine(QPointF(box.left(), box.bottom()), QPointF(box.right(), box.bottom()))
    painter.restore()
