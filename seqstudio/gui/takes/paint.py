"""Painting of a take's card: its name and texts, and its thumbnail."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QStyleOptionViewItem

from seqstudio.gui.takes.card import TakeCard
from seqstudio.gui.widgets.colours import Colours

MARGIN = 8
INDENT = 14
THUMBNAIL_HEIGHT = 56


def card_height(option: QStyleOptionViewItem) -> int:
    """Return the height of a card in the font of its list."""
    return 2 * MARGIN + 4 * option.fontMetrics.height() + THUMBNAIL_HEIGHT + MARGIN + 4


def thumbnail_size(card: TakeCard, width: int, *, indented: bool) -> QSize:
    """Return the size of the thumbnail on a card of a width."""
    left = MARGIN + 4 + (INDENT * card.depth if indented else 0)
    return QSize(max(width - 4 - left - MARGIN, 1), THUMBNAIL_HEIGHT)


def name_rect(card: TakeCard, rect: QRect, line: int) -> QRect:
    """Return the rectangle of the name, for the editor that covers it."""
    left = MARGIN + 4 + INDENT * card.depth
    return QRect(rect.left() + left, rect.top() + MARGIN, rect.width() - left - 90, line + 2)


def paint_card(
    painter: QPainter,
    option: QStyleOptionViewItem,
    card: TakeCard,
    colours: Colours,
    *,
    thumbnail: QPixmap | None,
    state: str,
    indented: bool,
) -> None:
    """Paint a card.

    Parameters
    ----------
    painter, option : as the view passes them
    card : to paint
    colours : of the theme
    thumbnail : of the size `thumbnail_size`
    state : text at the right edge: accepted, playing
    indented : whether to indent by the depth in the tree
    """
    rect = option.rect.adjusted(2, 2, -2, -2)
    line = option.fontMetrics.height()
    depth = card.depth if indented else 0
    inner = rect.adjusted(MARGIN + 4 + INDENT * depth, MARGIN, -MARGIN, -MARGIN)
    painter.fillRect(rect, colours.surface)
    _paint_branch(painter, rect, depth, colours)
    _paint_head(painter, option, inner, card, colours, state)
    size = QRect(inner.left(), inner.top() + line, inner.width(), line)
    _write(painter, size, card.size_text, colours, option)
    _write(painter, size.translated(0, line), card.provenance_text, colours, option)
    under = QRect(inner.left(), size.bottom() + line + 4, inner.width(), THUMBNAIL_HEIGHT)
    painter.fillRect(under, colours.background)
    if thumbnail:
        painter.drawPixmap(under.topLeft(), thumbnail)
    changes = QRect(inner.left(), under.bottom() + 3, inner.width(), line)
    _write(painter, changes, card.last_line, colours, option)


def _paint_branch(painter: QPainter, rect: QRect, depth: int, colours: Colours) -> None:
    """Paint the corner that connects a take with its parent above."""
    if depth:
        left = rect.left() + MARGIN + 4 + INDENT * (depth - 1) + 2
        painter.setPen(QPen(colours.muted))
        middle = rect.top() + MARGIN + 8
        painter.drawLine(left, rect.top(), left, middle)
        painter.drawLine(left, middle, left + INDENT - 6, middle)


def _paint_head(
    painter: QPainter,
    option: QStyleOptionViewItem,
    inner: QRect,
    card: TakeCard,
    colours: Colours,
    state: str,
) -> None:
    line = QRect(inner.left(), inner.top(), inner.width(), option.fontMetrics.height())
    wide = option.fontMetrics.horizontalAdvance(state)
    painter.setFont(option.font)
    painter.setPen(colours.text)
    painter.drawText(line, Qt.AlignmentFlag.AlignRight, state)
    bold = QFont(option.font)
    bold.setBold(True)
    painter.setFont(bold)
    room = line.width() - wide - MARGIN
    name = painter.fontMetrics().elidedText(card.take.name, Qt.TextElideMode.ElideMiddle, room)
    painter.drawText(line, Qt.AlignmentFlag.AlignLeft, name)


def _write(
    painter: QPainter, rect: QRect, text: str, colours: Colours, option: QStyleOptionViewItem
) -> None:
    painter.setFont(option.font)
    painter.setPen(colours.muted)
    short = option.fontMetrics.elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
    painter.drawText(rect, Qt.AlignmentFlag.AlignLeft, short)
