"""How a transcript is painted."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from seqstudio.gui.recording.peaks import clock
from seqstudio.gui.recording.timeline import Place
from seqstudio.gui.recording.transcript import LOW, TranscriptModel
from seqstudio.gui.recording.transcript_layout import Layout, Spot
from seqstudio.gui.widgets.theme import Colours

MARGIN = 12
GUTTER = 84  # for the times of segments
PAD = 3  # around a word


@dataclass(frozen=True, slots=True)
class TranscriptPainter:
    """Paints the words of a layout, scrolled down by `offset` pixels."""

    model: TranscriptModel
    layout: Layout
    offset: float

    def box(self, segment: int, spot: Spot) -> QRectF:
        """Give where a word is painted."""
        line = self.layout.shape.line
        top = self._top(segment) + spot.line * line
        left = MARGIN + GUTTER + spot.left
        return QRectF(left - PAD, top + 2, spot.width + 2 * PAD, line - 4)

    def at(self, point: QPointF) -> Place | None:
        """Give the word that is painted at a point."""
        found = self.layout.word_at(point.x() - MARGIN - GUTTER, point.y() - MARGIN + self.offset)
        return Place(*found) if found else None

    def paint(self, painter: QPainter, colours: Colours, height: float) -> None:
        """Paint what is seen on `height` pixels."""
        for number in self.layout.seen(self.offset - MARGIN, self.offset - MARGIN + height):
            self._paint_segment(painter, colours, number, height)

    def _top(self, segment: int) -> float:
        return MARGIN + self.layout.top(segment) - self.offset

    def _paint_segment(
        self, painter: QPainter, colours: Colours, number: int, height: float
    ) -> None:
        segment, line = self.model.segments[number], self.layout.shape.line
        top = self._top(number)
        painter.setPen(colours.faint)
        gutter = QRectF(MARGIN, top, GUTTER - MARGIN, line)
        painter.drawText(gutter, int(Qt.AlignmentFlag.AlignVCenter), clock(segment.start_s, 0.1))
        for word, spot in enumerate(self.layout.spots(number)):
            if -line <= top + spot.line * line <= height:
                self._paint_word(painter, colours, Place(number, word), spot)

    def _paint_word(self, painter: QPainter, colours: Colours, place: Place, spot: Spot) -> None:
        """Paint a word: in a filled box while it is heard, in a frame while it is in hand."""
        box, word = self.box(place.segment, spot), self.model.word(place)
        lit = place == self.model.lit
        ink = colours.on_accent if lit else colours.ink
        if lit:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.accent)
            painter.drawRoundedRect(box, PAD, PAD)
        if place == self.model.current:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colours.ink, 1, Qt.PenStyle.DashLine))
            painter.drawRoundedRect(box.adjusted(-1, -1, 1, 1), PAD, PAD)
        painter.setPen(ink)
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), word.word)
        if word.confidence is not None and word.confidence < LOW:
            painter.setPen(QPen(ink if lit else colours.trouble, 2, Qt.PenStyle.DotLine))
            below = QPointF(0, box.bottom() - 1)
            painter.drawLine(below + QPointF(box.left() + PAD, 0), below + QPointF(box.right(), 0))
