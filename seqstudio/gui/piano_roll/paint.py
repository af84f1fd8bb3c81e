"""Painting of notes and grid: few notes one by one, many as one bitmap."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from seqstudio.gui.piano_roll.model import PianoRollModel
from seqstudio.gui.piano_roll.note_index import IntArray, NoteIndex
from seqstudio.gui.piano_roll.note_names import BLACK_KEYS
from seqstudio.gui.piano_roll.snap_grid import Bars
from seqstudio.gui.piano_roll.viewport import Viewport
from seqstudio.gui.widgets.colours import Colours
from seqstudio.session.note_array import Notes

Pixels: TypeAlias = NDArray[np.floating[Any]]
MANY_NOTES = 1500  # visible notes above which they are painted as one bitmap
MIN_GRID_PIXELS = 9  # between two grid lines
MIN_BEAT_PIXELS = 9  # between two beats
MIN_ROW_PIXELS = 4  # height from which rows are separated by a gap
SHADES = 4  # of velocity


@dataclass(frozen=True, slots=True)
class NoteStyle:
    """How to paint one layer of notes."""

    fill: QColor
    edge: QColor
    edge_pixels: float = 1.0
    drums: bool = False
    shaded: bool = False  # soft notes are paler


@dataclass(frozen=True, slots=True)
class _NoteBoxes:
    """The visible notes, in pixels."""

    left: Pixels
    right: Pixels
    rows: IntArray  # from key 127 down


def paint_rows(painter: QPainter, viewport: Viewport, colours: Colours, *, drums: bool) -> None:
    """Paint the rows of the keys, those of black keys darker, with a line below each octave."""
    width = viewport.x.pixels
    shade = QColor(colours.surface)
    painter.fillRect(0, 0, width, viewport.y.pixels, colours.background)
    high, low = int(viewport.pitch_at(0)), max(int(viewport.pitch_at(viewport.y.pixels)), 0)
    for pitch in range(low, min(high, 127) + 1):
        box = QRectF(0, viewport.row_top(pitch), width, viewport.row_height)
        if pitch % 2 if drums else pitch % 12 in BLACK_KEYS:
            painter.fillRect(box, shade)
        if pitch % 12 == 0 and not drums:
            painter.fillRect(0, int(box.bottom()), width, 1, colours.line)


def paint_grid(
    painter: QPainter, viewport: Viewport, bars: Bars, step: Fraction, colours: Colours
) -> None:
    """Paint the lines of the grid, beats and bars where there is room for them."""
    first, stop, scale = viewport.x.start, viewport.x.stop, viewport.x.scale
    height = viewport.y.pixels
    faint = QColor(colours.line)
    faint.setAlphaF(0.5)
    if step / scale >= MIN_GRID_PIXELS:
        for tick in bars.grid_lines(first, stop, step):
            painter.fillRect(int(viewport.x.to_pixel(tick)), 0, 1, height, faint)
    strong = QColor(colours.muted)
    strong.setAlphaF(0.55)
    for line in bars.lines(first, stop, MIN_BEAT_PIXELS * scale):
        colour = strong if line.beat == 1 else colours.line
        painter.fillRect(int(viewport.x.to_pixel(line.tick)), 0, 1, height, colour)


def paint_bars(
    painter: QPainter, model: PianoRollModel, height: int, colours: Colours, *, opacity: float
) -> None:
    """Paint the chosen bars, with a line at both ends."""
    if model.bars:
        left, right = map(model.viewport.x.to_pixel, model.bar_ticks(model.bars))
        tint = QColor(colours.accent)
        tint.setAlphaF(opacity)
        painter.fillRect(QRectF(left, 0, right - left, height), tint)
        for x in (left, right):
            painter.fillRect(QRectF(x - 1, 0, 2, height), colours.accent)


def paint_locks(painter: QPainter, viewport: Viewport, locked: Notes, colours: Colours) -> None:
    """Mark locked notes with a bar at their start: not by colour alone."""
    notes = NoteIndex(locked)
    low, high = viewport.pitch_at(viewport.y.pixels), viewport.pitch_at(0)
    shown = notes.in_region(viewport.x.start, viewport.x.stop, np.floor(low), high)
    painter.setPen(QPen(colours.background, 1))
    painter.setBrush(colours.text)
    for note in locked.select(shown[:MANY_NOTES]):
        left = viewport.x.to_pixel(note.onset_ticks)
        top = viewport.row_top(note.pitch)
        width = max(note.length_ticks / viewport.x.scale, 2)
        painter.drawRect(QRectF(left, top, min(width, 4), viewport.row_height - 1))
        painter.fillRect(QRectF(left, top + viewport.row_height - 3, width, 2), colours.text)


def paint_notes(painter: QPainter, viewport: Viewport, notes: NoteIndex, brush: NoteStyle) -> int:
    """Paint the visible notes and return their number."""
    low, high = viewport.pitch_at(viewport.y.pixels), viewport.pitch_at(0)
    visible = notes.in_region(viewport.x.start, viewport.x.stop, np.floor(low), high)
    if len(visible):
        some = notes.select(visible)
        start, scale = viewport.x.start, viewport.x.scale
        left: Pixels = (some.onsets - start) / scale
        right: Pixels = (some.ends - start) / scale
        boxes = _NoteBoxes(left, right, 127 - some.pitches)
        if len(visible) > MANY_NOTES:
            _paint_bitmap(painter, viewport, boxes, brush.fill)
        elif brush.drums:
            _paint_hits(painter, viewport, boxes, brush)
        else:
            _paint_boxes(painter, viewport, boxes, some.velocities, brush)
    return len(visible)


def _paint_boxes(
    painter: QPainter, viewport: Viewport, boxes: _NoteBoxes, velocities: IntArray, brush: NoteStyle
) -> None:
    shades = np.clip(velocities * SHADES // 128, 0, SHADES - 1) if brush.shaded else None
    height = viewport.row_height
    tops = viewport.y.to_pixel(0) + boxes.rows * height
    gap = 1.0 if height >= MIN_ROW_PIXELS else 0.0
    width = viewport.x.pixels
    lefts = np.maximum(boxes.left, -8.0)
    widths = np.maximum(np.minimum(boxes.right, width + 8.0) - lefts - 0.5, 1.5)
    edge_pixels = brush.edge_pixels if height >= 2 * MIN_ROW_PIXELS else 1
    edge = QPen(brush.edge, edge_pixels)
    painter.setPen(edge if height >= MIN_ROW_PIXELS else Qt.PenStyle.NoPen)
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


def _paint_hits(painter: QPainter, viewport: Viewport, boxes: _NoteBoxes, brush: NoteStyle) -> None:
    """Paint drum hits as diamonds at their onsets; their lengths do not matter."""
    height = viewport.row_height
    half = viewport.drum_radius
    painter.setPen(QPen(brush.edge, brush.edge_pixels))
    painter.setBrush(brush.fill)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    top = viewport.y.to_pixel(0)
    for x, row in zip(boxes.left.tolist(), boxes.rows.tolist(), strict=True):
        y = top + (row + 0.5) * height
        corners = ((x - half, y), (x, y - half), (x + half, y), (x, y + half))
        painter.drawPolygon(QPolygonF([QPointF(*corner) for corner in corners]))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _paint_bitmap(painter: QPainter, viewport: Viewport, boxes: _NoteBoxes, fill: QColor) -> None:
    """Paint each pixel that a note covers once, however many notes there are."""
    covered = covered_pixels(boxes.left, boxes.right, boxes.rows, viewport.x.pixels)
    top = int(boxes.rows.min())
    image = mask_image(covered[top:], fill)
    height = image.height() * viewport.row_height
    painter.drawImage(QRectF(0, viewport.y.to_pixel(top), image.width(), height), image)


def mask_image(covered: NDArray[np.bool_], fill: QColor) -> QImage:
    """Return an image, (height, width), with one colour where `covered`, transparent elsewhere."""
    pixels = np.where(covered, np.uint32(fill.rgba()), np.uint32(0))
    height, width = pixels.shape
    return QImage(pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_ARGB32).copy()


def covered_pixels(left: Pixels, right: Pixels, rows: IntArray, width: int) -> NDArray[np.bool_]:
    """Return which pixels of each row are covered by notes.

    Each note covers at least one pixel, and gaps between notes stay visible.

    Parameters
    ----------
    left, right : (N,) float, pixels
    rows : (N,) int64, from 0
    width : pixels of a row

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
