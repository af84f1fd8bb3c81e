"""Paints the card of a take: its name and facts, and a small piano roll."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QStyleOptionViewItem

from seqstudio.gui.takes.card import Card
from seqstudio.gui.widgets.theme import Colours

MARGIN = 8
INDENT = 14
PICTURE = 56


def height_of(option: QStyleOptionViewItem) -> int:
    """Give the height of a card in the font of its list."""
    return 2 * MARGIN + 4 * option.fontMetrics.height() + PICTURE + MARGIN + 4


def picture_size(card: Card, width: int, *, indented: bool) -> QSize:
    """Give the size of the picture on a card of a width."""
    left = MARGIN + 4 + (INDENT * card.depth if indented else 0)
    return QSize(max(width - 4 - left - MARGIN, 1), PICTURE)


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
    picture: QPixmap | None,
    state: str,
    indented: bool,
) -> None:
    """Draw a card in its place.

    Parameters
    ----------
    painter, option : as a view gives them
    card : whose
    colours : of the theme
    picture : of its notes, of `picture_size`
    state : words at its right edge: accepted, playing
    indented : by its place in the tree
    """
    place = option.rect.adjusted(2, 2, -2, -2)
    line = option.fontMetrics.height()
    depth = card.depth if indented else 0
    inner = place.adjusted(MARGIN + 4 + INDENT * depth, MARGIN, -MARGIN, -MARGIN)
    painter.fillRect(place, colours.raised)
    _draw_branch(painter, place, depth, colours)
    _write_head(painter, option, inner, card, colours, state)
    size = QRect(inner.left(), inner.top() + line, inner.width(), line)
    _write(painter, size, card.size, colours, option)
    _write(painter, size.translated(0, line), card.made, colours, option)
    under = QRect(inner.left(), size.bottom() + line + 4, inner.width(), PICTURE)
    painter.fillRect(under, colours.ground)
    if picture:
        painter.drawPixmap(under.topLeft(), picture)
    news = QRect(inner.left(), under.bottom() + 3, inner.width(), line)
    _write(painter, news, card.news, colours, option)


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
    name = painter.fontMetrics().elidedText(card.take.name, Qt.TextElideMode.ElideMiddle, room)
    painter.drawText(line, Qt.AlignmentFlag.AlignLeft, name)


def _write(
    painter: QPainter, place: QRect, text: str, colours: Colours, option: QStyleOptionViewItem
) -> None:
    painter.setFont(option.font)
    painter.setPen(colours.faint)
    short = option.fontMetrics.elidedText(text, Qt.TextElideMode.ElideRight, place.width())
    painter.drawText(place, Qt.AlignmentFlag.AlignLeft, short)
