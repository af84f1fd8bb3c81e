"""The segments of a transcript as blocks along a waveform, with ends that can be dragged."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from seqstudio.contracts.transcript import Segment
from seqstudio.gui.widgets.axis import Axis
from seqstudio.gui.widgets.colours import Colours

LANE_HEIGHT = 22
END_PIXELS = 5  # around the end of a block, where a press takes hold of it
MIN_BLOCK_PIXELS = 3
MIN_LENGTH_S = 0.05  # of a segment whose end is dragged
MIN_TEXT_PIXELS = 24


@dataclass(frozen=True, slots=True)
class SegmentEnd:
    """The end of a segment that is dragged, and where it is now."""

    segment: int
    end: Literal["start", "stop"]
    span: tuple[float, float]  # seconds

    def to(self, second: float) -> "SegmentEnd":
        """Move it; the segment keeps a length."""
        start, stop = self.span
        if self.end == "start":
            return replace(self, span=(max(min(second, stop - MIN_LENGTH_S), 0.0), stop))
        return replace(self, span=(start, max(second, start + MIN_LENGTH_S)))


class SegmentLane:
    """Finds and paints the blocks of segments; 10,000 segments take a few milliseconds."""

    def __init__(self, segments: Sequence[Segment] = ()) -> None:
        self.segments = segments
        self._starts = np.array([one.start_s for one in segments])
        self._stops = np.array([one.end_s for one in segments])
        self.speakers = speakers_of(segments)

    def end_at(self, axis: Axis, pixel: float) -> SegmentEnd | None:
        """Return the end of a segment near a pixel, the nearest of several."""
        second, reach = axis.to_unit(pixel), END_PIXELS * axis.scale
        found = [
            (abs(second - times[at]), int(at), end)
            for end, times in (("start", self._starts), ("stop", self._stops))
            for at in np.flatnonzero(abs(times - second) <= reach)
        ]
        if not found:
            return None
        _, at, end = min(found)
        segment = self.segments[at]
        span = (segment.start_s, segment.end_s)
        return SegmentEnd(at, "start" if end == "start" else "stop", span)

    def colour(self, speaker: str | None, colours: Colours) -> QColor:
        """Return the colour of a speaker; that of the waveform where none is named."""
        if speaker not in self.speakers:
            return colours.wave
        return colours.of_track(self.speakers.index(speaker))

    def paint(
        self, painter: QPainter, axis: Axis, top: float, colours: Colours, held: SegmentEnd | None
    ) -> None:
        """Paint the visible blocks, each with its speaker or its first words."""
        visible = np.flatnonzero((self._stops > axis.start) & (self._starts < axis.stop))
        metrics = QFontMetricsF(painter.font())
        for at in visible.tolist():
            segment = self.segments[at]
            span = held.span if held and held.segment == at else (segment.start_s, segment.end_s)
            left, right = max(axis.to_pixel(span[0]), -9.0), axis.to_pixel(span[1])
            box = QRectF(left, top + 2, max(right - left - 1, MIN_BLOCK_PIXELS), LANE_HEIGHT - 4)
            colour = self.colour(segment.speaker, colours)
            fill = QColor(colour)
            fill.setAlphaF(0.25)
            painter.setPen(QPen(colour, 1))
            painter.setBrush(fill)
            painter.drawRect(box)
            if box.width() >= MIN_TEXT_PIXELS:
                text = f"{segment.speaker}: {segment.text}" if segment.speaker else segment.text
                inside = box.adjusted(4, 0, -4, 0)
                short = metrics.elidedText(text, Qt.TextElideMode.ElideRight, inside.width())
                painter.setPen(colours.text)
                painter.drawText(inside, int(Qt.AlignmentFlag.AlignVCenter), short)


def speakers_of(segments: Sequence[Segment]) -> tuple[str, ...]:
    """Return the names of the speakers, in the order in which they first speak."""
    return tuple(dict.fromkeys(one.speaker for one in segments if one.speaker))
