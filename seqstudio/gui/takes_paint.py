"""Paints the card of a take: its name and facts, and a small piano roll."""

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QFont, QPainter, QPen
from PySide6.QtWidgets import QStyleOptionViewItem

from seqstudio.gui.takes import Card
from seqstudio.gui.takes_sketch import Sketch
from seqstudio.gui.theme import Colours

MARGIN = 8
INDENT = 14
PICTURE = 56
STRIP = 4  # below what is new
CLOSEST_BARS = 5  # pixels between bar lines


def height_of(option: QStyleOptionViewItem) -> int:
    """Give the height of a card in the font of its list."""
    return 2 * MARGIN + 4 * option.fontMetrics.height() + PICTURE + MARGIN + 4


def name_place(card: Card, place: QRect, line: int) -> QRect:
    """Give where the name stands, for the editor that takes its place."""
    left = MARGIN + 4 + INDENT * card.depth
    return QRect(place.left() + left, place.top() + MARGIN, place.width() - left - 90, line + 2)


def draw_card(
    painter: QPainter,
    option: QStyleOptionViewItem,
    card: Card,
    colours: Colours,
    *,
    beats: float,
    state: str,
) -> None:
    """Draw a card in its place.

    Parameters
    ----------
    painter, option : as a view gives them
    card : whose
    colours : of the theme
    beats : that the picture's width stands for; 0 fits the take
    state : a word at its right edge: accepted, playing
    """
    place = option.rect.adjusted(2, 2, -2, -2)
    line = option.fontMetrics.height()
    depth = 0 if beats else card.depth  # on one axis, all pictures begin at one edge
    inner = place.adjusted(MARGIN + 4 + INDENT * depth, MARGIN, -MARGIN, -MARGIN)
    painter.fillRect(place, colours.raised)
    _draw_branch(painter, place, depth, colours)
    _write_head(painter, option, inner, card, colours, state)
    size = QRect(inner.left(), inner.top() + line, inner.width(), line)
    _write(painter, size, card.size, colours, option)
    _write(painter, size.translated(0, line), card.made, colours, option)
    picture = QRect(inner.left(), size.bottom() + line + 4, inner.width(), PICTURE)
    painter.fillRect(picture, colours.ground)
    if card.sketch:
        draw_sketch(painter, QRectF(picture), card.sketch, colours, beats)
    _write(
        painter,
        QRect(inner.left(), picture.bottom() + 3, inner.width(), line),
        card.news,
        colours,
        option,
    )


def draw_sketch(
    painter: QPainter, place: QRectF, sketch: Sketch, colours: Colours, beats: float = 0.0
) -> None:
    """Draw a small piano roll; what is new stands behind a dashed line, over a thick strip.

    Parameters
    ----------
    painter : to draw with
    place : where
    sketch : of the take
    colours : of the theme
    beats : that the width stands for; 0 fits the sketch
    """
    scale = place.width() / (beats or sketch.beats or 1.0)
    _draw_bars(painter, place, sketch, colours, scale)
    _draw_notes(painter, place, sketch, colours, scale)
    end = place.left() + sketch.beats * scale
    painter.setPen(QPen(colours.faint))
    painter.drawLine(QPointF(end, place.top()), QPointF(end, place.bottom()))
    for first, last in sketch.spans:
        left, right = place.left() + first * scale, place.left() + last * scale
        painter.setPen(QPen(colours.ink, 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(left, place.top()), QPointF(left, place.bottom()))
        strip = QRectF(left, place.bottom() - STRIP, right - left, STRIP)
        painter.fillRect(strip, colours.accent)


def _draw_bars(
    painter: QPainter, place: QRectF, sketch: Sketch, colours: Colours, scale: float
) -> None:
    if len(sketch.bars) * CLOSEST_BARS > sketch.beats * scale:
        return
    painter.setPen(QPen(colours.line))
    for beat in sketch.bars[1:-1]:
        at = place.left() + beat * scale
        painter.drawLine(QPointF(at, place.top()), QPointF(at, place.bottom()))


def _draw_notes(
    painter: QPainter, place: QRectF, sketch: Sketch, colours: Colours, scale: float
) -> None:
    if not sketch.runs:
        return
    low = min(run.pitch for run in sketch.runs) - 1
    high = max(run.pitch for run in sketch.runs) + 1
    room = place.height() - STRIP - 3
    step = room / (high - low + 1)
    thick = min(max(step * 0.8, 1.5), 4.0)
    for run in sketch.runs:
        left = place.left() + run.start * scale
        top = place.top() + 1 + (high - run.pitch + 0.5) * step - thick / 2
        wide = max((run.stop - run.start) * scale - 0.5, 1.0)
        colour = colours.accent if run.added else colours.note
        painter.fillRect(QRectF(left, top, wide, thick), colour)


def _draw_branch(painter: QPainter, place: QRect, depth: int, colours: Colours) -> None:
    """Draw the corner that leads from the take above to this one."""
    if depth:
        left = place.left() + MARGIN + 4 + INDENT * (depth - 1) + 2
        painter.setPen(QPen(colours.faint))
        middle = place.top() + MARGIN + 8
        painter.drawLine(left, place.top(), left, middle)
        painter.drawLine(left, middle, left + INDENT - 6, middle)


def _write_head(
    painter: QPainter,
    option: QStyleOptionViewItem,
    inner: QRect,
    card: Card,
    colours: Colours,
    state: str,
) -> None:
    line = QRect(inner.left(), inner.top(), inner.width(), option.fontMetrics.height())
    wide = option.fontMetrics.horizontalAdvance(state)
    painter.setFont(option.font)
    painter.setPen(colours.ink)
    painter.drawText(line, Qt.AlignmentFlag.AlignRight, state)
    bold = QFont(option.font)
    bold.setBold(True)
    painter.setFont(bold)
    room = line.width() - wide - MARGIN
    name = painter.fontMetrics().elidedText(card.take.name, Qt.TextElideMode.ElideRight, room)
    painter.drawText(line, Qt.AlignmentFlag.AlignLeft, name)


def _write(
    painter: QPainter, place: QRect, text: str, colours: Colours, option: QStyleOptionViewItem
) -> None:
    painter.setFont(option.font)
    painter.setPen(colours.faint)
    short = option.fontMetrics.elidedText(text, Qt.TextElideMode.ElideRight, place.width())
    painter.drawText(place, Qt.AlignmentFlag.AlignLeft, short)
