"""A small piano roll of a take: what is new in it is marked."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPen, QPixmap

from seqstudio.gui.takes.summary import Sketch
from seqstudio.gui.widgets.theme import Colours

STRIP = 4  # below what is new
CLOSEST_BARS = 5  # pixels between bar lines


class Pictures:
    """Paints each picture once, until what it shows is another."""

    def __init__(self) -> None:
        self._painted: dict[str, tuple[tuple[object, ...], QPixmap]] = {}

    def picture(
        self, sketch: Sketch, size: QSize, colours: Colours, beats: float, ratio: float
    ) -> QPixmap:
        """Give the picture of a sketch.

        Parameters
        ----------
        sketch : of the take
        size : in pixels of the view
        colours : of the theme
        beats : that the width stands for; 0 fits the sketch
        ratio : pixels of the screen to one of the view
        """
        key = (id(sketch), size.width(), size.height(), id(colours), beats, ratio)
        painted = self._painted.get(sketch.of.id)
        if painted and painted[0] == key:
            return painted[1]
        picture = QPixmap(size * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(colours.ground)
        painter = QPainter(picture)
        draw_sketch(painter, QRectF(0, 0, size.width(), size.height()), sketch, colours, beats)
        painter.end()
        self._painted[sketch.of.id] = key, picture
        return picture


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
    left, top = place.left(), place.top() + 1 + (high + 0.5) * step - thick / 2
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
                for run in sketch.runs
                if run.added == added
            ]
        )
    painter.setBrush(Qt.BrushStyle.NoBrush)
