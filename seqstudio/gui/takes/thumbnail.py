"""Thumbnails of takes: small piano rolls with new notes marked."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPen, QPixmap

from seqstudio.gui.takes.summary import Keys, TakeSummary
from seqstudio.gui.widgets.colours import Colours

STRIP_HEIGHT = 4  # below new notes
MIN_BAR_PIXELS = 5  # between bar lines


class ThumbnailCache:
    """Keeps the last thumbnail of each take, until it would look different."""

    def __init__(self) -> None:
        self._painted: dict[str, tuple[tuple[object, ...], QPixmap]] = {}

    def thumbnail(
        self, summary: TakeSummary, size: QSize, colours: Colours, beats: float, ratio: float
    ) -> QPixmap:
        """Return the thumbnail of a summary.

        Parameters
        ----------
        summary : of the take
        size : logical pixels
        colours : of the theme
        beats : in the full width; 0 fits the take
        ratio : device pixels per logical pixel
        """
        key = (id(summary), size.width(), size.height(), id(colours), beats, ratio)
        painted = self._painted.get(summary.take.id)
        if painted and painted[0] == key:
            return painted[1]
        thumbnail = QPixmap(size * ratio)
        thumbnail.setDevicePixelRatio(ratio)
        thumbnail.fill(colours.background)
        painter = QPainter(thumbnail)
        draw_thumbnail(painter, QRectF(0, 0, size.width(), size.height()), summary, colours, beats)
        painter.end()
        self._painted[summary.take.id] = key, thumbnail
        return thumbnail


def draw_thumbnail(
    painter: QPainter,
    rect: QRectF,
    summary: TakeSummary,
    colours: Colours,
    beats: float = 0.0,
    keys: Keys | None = None,
) -> None:
    """Draw a small piano roll; new notes follow a dashed line and have a strip below them.

    Parameters
    ----------
    painter : to draw with
    rect : to draw in
    summary : of the take
    colours : of the theme
    beats : in the full width; 0 fits the take
    keys : the lowest and the highest; None: those of the take
    """
    scale = rect.width() / (beats or summary.beats or 1.0)
    _draw_bars(painter, rect, summary, colours, scale)
    _draw_notes(painter, rect, summary, colours, scale, keys or summary.keys)
    end = rect.left() + summary.beats * scale
    painter.setPen(QPen(colours.muted))
    painter.drawLine(QPointF(end, rect.top()), QPointF(end, rect.bottom()))
    for first, last in summary.spans:
        left, right = rect.left() + first * scale, rect.left() + last * scale
        painter.setPen(QPen(colours.text, 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(left, rect.top()), QPointF(left, rect.bottom()))
        strip = QRectF(left, rect.bottom() - STRIP_HEIGHT, right - left, STRIP_HEIGHT)
        painter.fillRect(strip, colours.accent)


def _draw_bars(
    painter: QPainter, rect: QRectF, summary: TakeSummary, colours: Colours, scale: float
) -> None:
    if len(summary.bars) * MIN_BAR_PIXELS > summary.beats * scale:
        return
    painter.setPen(QPen(colours.line))
    for beat in summary.bars[1:-1]:
        at = rect.left() + beat * scale
        painter.drawLine(QPointF(at, rect.top()), QPointF(at, rect.bottom()))


def _draw_notes(
    painter: QPainter,
    rect: QRectF,
    summary: TakeSummary,
    colours: Colours,
    scale: float,
    keys: Keys,
) -> None:
    if not summary.runs:
        return
    low, high = keys[0] - 1, keys[1] + 1
    room = rect.height() - STRIP_HEIGHT - 3
    step = room / (high - low + 1)
    thick = min(max(step * 0.8, 1.5), 4.0)
    left, top = rect.left(), rect.top() + 1 + (high + 0.5) * step - thick / 2
    painter.setPen(Qt.PenStyle.NoPen)
    for added, colour in ((False, colours.note), (True, colours.accent)):
        painter.setBrush(colour)
        painter.drawRects(
            [
                QRectF(
                    left + run.start * scale,
                    top - run.pitch * step,
                    max((run.stop - run.start) * scale - 0.5, 1.0),
                    thick,
                )
                for run in summary.runs
                if run.added == added
            ]
        )
    painter.setBrush(Qt.BrushStyle.NoBrush)
