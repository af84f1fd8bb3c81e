"""How notes are painted: one by one where they are few, as a picture of pixels where many."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from seqstudio.gui.piano_roll.note_index import NoteIndex, Numbers
from seqstudio.gui.piano_roll.note_names import BLACK
from seqstudio.gui.piano_roll.snap_grid import Bars
from seqstudio.gui.piano_roll.viewport import Sight
from seqstudio.gui.widgets.theme import Colours

Pixels: TypeAlias = NDArray[np.floating[Any]]
MANY = 1500  # notes in view, above which they are painted as one picture
LEAST_LINE = 9  # pixels between two lines of the grid
LEAST_BEAT = 9
LEAST_ROW = 4  # pixels of a row that is set off from the next
SHADES = 4  # of loudness


@dataclass(frozen=True, slots=True)
class Brush:
    """How one layer of notes looks."""

    fill: QColor
    edge: QColor
    edge_pixels: float = 1.0
    drums: bool = False
    shaded: bool = False  # soft notes are paler


@dataclass(frozen=True, slots=True)
class _Boxes:
    """Pixels of notes in view."""

    left: Pixels
    right: Pixels
    rows: Numbers  # from key 127 down


def paint_rows(painter: QPainter, sight: Sight, colours: Colours, *, drums: bool) -> None:
    """Paint the rows of the keys: those of black keys darker, a line below each octave."""
    width = sight.x.pixels
    shade = QColor(colours.raised)
    painter.fillRect(0, 0, width, sight.y.pixels, colours.ground)
    high, low = int(sight.pitch_at(0)), max(int(sight.pitch_at(sight.y.pixels)), 0)
    for pitch in range(low, min(high, 127) + 1):
        box = QRectF(0, sight.y_of(pitch), width, sight.row_height)
        if pitch % 2 if drums else pitch % 12 in BLACK:
            painter.fillRect(box, shade)
        if pitch % 12 == 0 and not drums:
            painter.fillRect(0, int(box.bottom()), width, 1, colours.line)


def paint_lines(painter: QPainter, sight: Sight, bars: Bars, step: Fraction, ink: Colours) -> None:
    """Paint the lines of the grid, of beats and of bars, as far as there is room for them."""
    first, stop, scale = sight.x.start, sight.x.stop, sight.x.scale
    height = sight.y.pixels
    faint = QColor(ink.line)
    faint.setAlphaF(0.5)
    if step / scale >= LEAST_LINE:
        for tick in bars.grid(first, stop, step):
            painter.fillRect(int(sight.x.to_pixel(tick)), 0, 1, height, faint)
    strong = QColor(ink.faint)
    strong.setAlphaF(0.55)
    for line in bars.lines(first, stop, LEAST_BEAT * scale):
        colour = strong if line.beat == 1 else ink.line
        painter.fillRect(int(sight.x.to_pixel(line.tick)), 0, 1, height, colour)


def paint_notes(painter: QPainter, sight: Sight, notes: NoteIndex, brush: Brush) -> int:
    """Paint those notes that are in view; give how many these are."""
    low, high = sight.pitch_at(sight.y.pixels), sight.pitch_at(0)
    seen = notes.seen(sight.x.start, sight.x.stop, np.floor(low), high)
    if len(seen):
        some = notes.taken(seen)
        start, scale = sight.x.start, sight.x.scale
        left: Pixels = (some.onsets - start) / scale
        right: Pixels = (some.ends - start) / scale
        boxes = _Boxes(left, right, 127 - some.pitches)
        if len(seen) > MANY:
            _paint_picture(painter, sight, boxes, brush.fill)
        elif brush.drums:
            _paint_hits(painter, sight, boxes, brush)
        else:
            _paint_boxes(painter, sight, boxes, some.velocities, brush)
    return len(seen)


def _paint_boxes(
    painter: QPainter, sight: Sight, boxes: _Boxes, velocities: Numbers, brush: Brush
) -> None:
    shades = np.clip(velocities * SHADES // 128, 0, SHADES - 1) if brush.shaded else None
    height = sight.row_height
    tops = sight.y.to_pixel(0) + boxes.rows * height
    gap = 1.0 if height >= LEAST_ROW else 0.0
    width = sight.x.pixels
    lefts = np.maximum(boxes.left, -8.0)
    widths = np.maximum(np.minimum(boxes.right, width + 8.0) - lefts - 0.5, 1.5)
    edge_pixels = brush.edge_pixels if height >= 2 * LEAST_ROW else 1
    edge = QPen(brush.edge, edge_pixels)
    painter.setPen(edge if height >= LEAST_ROW else Qt.PenStyle.NoPen)
    for shade in range(SHADES):
        which = slice(None) if shades is None else shades == shade
        rects = [
            QRectF(x, y, w, height - gap)
            for x, y, w in zip(
                lefts[which].tolist(), tops[which].tolist(), widths[which].tolist(), strict=True
            )
        ]
        fill = QColor(brush.fill)
        if shades is not None:
            fill.setAlphaF(0.4 + 0.6 * (shade + 1) / SHADES)
        painter.setBrush(fill)
        painter.drawRects(rects)
        if shades is None:
            break


def _paint_hits(painter: QPainter, sight: Sight, boxes: _Boxes, brush: Brush) -> None:
    """Paint drum hits as diamonds: where they begin counts, not how long they are."""
    height = sight.row_height
    half = sight.hit_pixels
    painter.setPen(QPen(brush.edge, brush.edge_pixels))
    painter.setBrush(brush.fill)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    top = sight.y.to_pixel(0)
    for x, row in zip(boxes.left.tolist(), boxes.rows.tolist(), strict=True):
        y = top + (row + 0.5) * height
        corners = ((x - half, y), (x, y - half), (x + half, y), (x, y + half))
        painter.drawPolygon(QPolygonF([QPointF(*corner) for corner in corners]))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _paint_picture(painter: QPainter, sight: Sight, boxes: _Boxes, fill: QColor) -> None:
    """Paint every pixel once that some note covers; the number of notes does not matter."""
    covered = covered_pixels(boxes.left, boxes.right, boxes.rows, sight.x.pixels)
    top = int(boxes.rows.min())
    image = picture(covered[top:], fill)
    height = image.height() * sight.row_height
    painter.drawImage(QRectF(0, sight.y.to_pixel(top), image.width(), height), image)


def picture(covered: NDArray[np.bool_], fill: QColor) -> QImage:
    """Make an image, (height, width), of one colour where it is covered, clear elsewhere."""
    pixels = np.where(covered, np.uint32(fill.rgba()), np.uint32(0))
    height, width = pixels.shape
    return QImage(pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_ARGB32).copy()


def covered_pixels(left: Pixels, right: Pixels, rows: Numbers, width: int) -> NDArray[np.bool_]:
    """Say which pixels of each row notes cover; each covers one at least, gaps stay open.

    Parameters
    ----------
    left, right : (N,) float, pixels
    rows : (N,) int64, from 0
    width : pixels in all

    Returns
    -------
    (highest row + 1, width) bool
    """
    first = np.clip(np.floor(left), 0, width - 1).astype(np.int64)
    last = np.clip(np.floor(right) - 1, first + 1, width).astype(np.int64)
    size = (int(rows.max()) + 1) * (width + 1)
    starts = np.bincount(rows * (width + 1) + first, minlength=size)
    stops = np.bincount(rows * (width + 1) + last, minlength=size)
    depth = np.cumsum((starts - stops).reshape(-1, width + 1), axis=1)
    return np.asarray(depth[:, :width] > 0)
