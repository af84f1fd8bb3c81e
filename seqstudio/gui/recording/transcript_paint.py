"""Painting of a transcript."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from seqstudio.gui.recording.transcript import LOW_CONFIDENCE, TranscriptModel
from seqstudio.gui.recording.transcript_layout import TranscriptLayout, WordBox
from seqstudio.gui.recording.word_index import WordPosition
from seqstudio.gui.widgets.colours import Colours
from seqstudio.gui.widgets.time_text import format_time

MARGIN = 12
GUTTER = 140  # for the times of segments and their speakers
TIME_WIDTH = 54  # of it, for the times
PADDING = 3  # around a word


@dataclass(frozen=True, slots=True)
class TranscriptPainter:
    """Paints the words of a layout, scrolled down by `offset` pixels."""

    model: TranscriptModel
    layout: TranscriptLayout
    offset: float

    def word_rect(self, segment: int, box: WordBox) -> QRectF:
        """Return the rectangle of a word."""
        line = self.layout.metrics.line
        top = self._top(segment) + box.line * line
        left = MARGIN + GUTTER + box.left
        return QRectF(left - PADDING, top + 2, box.width + 2 * PADDING, line - 4)

    def word_at(self, point: QPointF) -> WordPosition | None:
        """Return the word at a point."""
        found = self.layout.word_at(point.x() - MARGIN - GUTTER, point.y() - MARGIN + self.offset)
        return WordPosition(*found) if found else None

    def paint(self, painter: QPainter, colours: Colours, height: float) -> None:
        """Paint the part that is visible in `height` pixels."""
        for number in self.layout.visible(self.offset - MARGIN, self.offset - MARGIN + height):
            self._paint_segment(painter, colours, number, height)

    def _top(self, segment: int) -> float:
        return MARGIN + self.layout.top(segment) - self.offset

    def _paint_segment(
        self, painter: QPainter, colours: Colours, number: int, height: float
    ) -> None:
        segment, line = self.model.segments[number], self.layout.metrics.line
        top = self._top(number)
        painter.setPen(colours.muted)
        gutter = QRectF(MARGIN, top, GUTTER - MARGIN, line)
        time = format_time(segment.start_s, 0.1)
        painter.drawText(gutter, int(Qt.AlignmentFlag.AlignVCenter), time)
        if segment.speaker:
            name = gutter.adjusted(TIME_WIDTH, 0, -PADDING, 0)
            elided = painter.fontMetrics().elidedText(
                segment.speaker, Qt.TextElideMode.ElideRight, int(name.width())
            )
            painter.setPen(self._speaker_colour(segment.speaker, colours))
            painter.drawText(name, int(Qt.AlignmentFlag.AlignVCenter), elided)
        for word, box in enumerate(self.layout.word_boxes(number)):
            if -line <= top + box.line * line <= height:
                self._paint_word(painter, colours, WordPosition(number, word), box)

    def _speaker_colour(self, speaker: str, colours: Colours) -> QColor:
        return colours.of_track(self.model.speakers.index(speaker))

    def _paint_word(
        self, painter: QPainter, colours: Colours, position: WordPosition, box: WordBox
    ) -> None:
        """Paint a word: filled if it is highlighted, framed if it is the current word."""
        rect, word = self.word_rect(position.segment, box), self.model.word(position)
        highlighted = position == self.model.highlighted
        text_colour = colours.on_accent if highlighted else colours.text
        if highlighted:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.accent)
            painter.drawRoundedRect(rect, PADDING, PADDING)
        if position == self.model.current:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colours.text, 1, Qt.PenStyle.DashLine))
            painter.drawRoundedRect(rect.adjusted(-1, -1, 1, 1), PADDING, PADDING)
        painter.setPen(text_colour)
        painter.drawText(rect, int(Qt.AlignmentFlag.AlignCenter), word.word)
        if word.confidence is not None and word.confidence < LOW_CONFIDENCE:
            underline = text_colour if highlighted else colours.error
            painter.setPen(QPen(underline, 2, Qt.PenStyle.DotLine))
            y = rect.bottom() - 1
            painter.drawLine(QPointF(rect.left() + PADDING, y), QPointF(rect.right(), y))
