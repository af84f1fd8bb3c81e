"""The layout of a long transcript; only segments that become visible are laid out."""

import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from seqstudio.contracts.transcript import Segment

LETTER_WIDTH = 0.55  # estimate, in line heights


@dataclass(frozen=True, slots=True)
class WordBox:
    """The box of a word: its left edge and width, and its line in the segment."""

    left: float
    width: float
    line: int


@dataclass(frozen=True, slots=True)
class LayoutMetrics:
    """The dimensions of a layout, in pixels."""

    width: float  # of a line
    line: float  # height
    space: float  # between words
    gap: float  # between segments


def is_right_to_left(text: str) -> bool:
    """Whether the first letter with a direction is Arabic, Hebrew or the like.

    >>> is_right_to_left("… שלום"), is_right_to_left("2 words")
    (True, False)
    """
    directions = (unicodedata.bidirectional(letter) for letter in text)
    return next((one for one in directions if one in ("L", "R", "AL")), "L") != "L"


class TranscriptLayout:
    """Positions of words; heights of segments are estimated until they are laid out.

    Parameters
    ----------
    segments : with words
    metrics : of the page
    measure : returns the width of a word in pixels
    previous : layout before an edit; its boxes are reused if the metrics are the same
    """

    def __init__(
        self,
        segments: Sequence[Segment],
        metrics: LayoutMetrics,
        measure: Callable[[str], float],
        previous: "TranscriptLayout | None" = None,
    ) -> None:
        self.segments = segments
        self.metrics = metrics
        self._measure = measure
        reuse = previous is not None and previous.metrics == metrics
        known = previous.laid_out_words() if previous and reuse else {}
        self._boxes = {
            number: known[id(segment)]
            for number, segment in enumerate(segments)
            if id(segment) in known
        }
        self._heights = [
            self._exact_height(self._boxes[number])
            if number in self._boxes
            else self._estimated_height(segment)
            for number, segment in enumerate(segments)
        ]
        self._tops: list[float] = []

    @property
    def height(self) -> float:
        """The height of the transcript, partly estimated."""
        tops = self._segment_tops()
        return tops[-1] if tops else 0.0

    def top(self, segment: int) -> float:
        """Return the top of a segment."""
        return self._segment_tops()[segment]

    def word_boxes(self, segment: int) -> tuple[WordBox, ...]:
        """Return the boxes of a segment's words; lays the segment out the first time."""
        if segment not in self._boxes:
            boxes = self._boxes[segment] = self._break_lines(segment)
            exact = self._exact_height(boxes)
            if exact != self._heights[segment]:
                self._heights[segment] = exact
                self._tops = []
        return self._boxes[segment]

    def laid_out_words(self) -> dict[int, tuple[WordBox, ...]]:
        """Return the boxes of the segments laid out so far, by the `id` of the segment."""
        return {id(self.segments[number]): boxes for number, boxes in self._boxes.items()}

    def visible(self, top: float, bottom: float) -> range:
        """Lay out and return the segments between two heights."""
        if not self.segments:
            return range(0)
        first = self._segment_at(top)
        last = first
        while last < len(self.segments):
            self.word_boxes(last)
            if self.top(last) >= bottom:
                break
            last += 1
        return range(first, last)

    def word_at(self, x: float, y: float) -> tuple[int, int] | None:
        """Return the segment and index of the word at a point; None between words."""
        if not self.segments or y < 0:
            return None
        segment = self._segment_at(y)
        line = int((y - self.top(segment)) // self.metrics.line)
        for number, box in enumerate(self.word_boxes(segment)):
            if box.line == line and box.left <= x <= box.left + box.width:
                return segment, number
        return None

    def _segment_at(self, y: float) -> int:
        number = bisect_right(self._segment_tops(), y) - 1
        return min(max(number, 0), len(self.segments) - 1)

    def _break_lines(self, segment: int) -> tuple[WordBox, ...]:
        boxes, x, line = [], 0.0, 0
        for word in self.segments[segment].words:
            width = self._measure(word.word)
            if x and x + width > self.metrics.width:
                x, line = 0.0, line + 1
            boxes.append(WordBox(x, width, line))
            x += width + self.metrics.space
        if is_right_to_left(self.segments[segment].text):
            right = self.metrics.width
            return tuple(replace(box, left=right - box.left - box.width) for box in boxes)
        return tuple(boxes)

    def _estimated_height(self, segment: Segment) -> float:
        width = len(segment.text) * self.metrics.line * LETTER_WIDTH / 2
        return self._height(1 + int(width // max(self.metrics.width, 1)))

    def _exact_height(self, boxes: Sequence[WordBox]) -> float:
        return self._height(boxes[-1].line + 1 if boxes else 1)

    def _height(self, lines: int) -> float:
        return lines * self.metrics.line + self.metrics.gap

    def _segment_tops(self) -> list[float]:
        """Return the tops of all segments, and the bottom of the last."""
        if not self._tops:
            self._tops = list(accumulate(self._heights, initial=0.0))
        return self._tops
