"""Where the words of a long transcript stand; only segments that are looked at are laid out."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from seqstudio.contracts.transcript import Segment

LETTER = 0.55  # of a line's height: a guess at the width of a letter


@dataclass(frozen=True, slots=True)
class Spot:
    """A word: its left edge and width, and the line of its segment."""

    left: float
    width: float
    line: int


@dataclass(frozen=True, slots=True)
class Shape:
    """What the layout keeps to; all in pixels."""

    width: float  # of a line
    line: float  # height
    space: float  # between words
    gap: float  # between segments


class Layout:
    """Heights are guessed from the letters until a segment is seen, then exact.

    Parameters
    ----------
    segments : with words
    shape : of the page
    measure : the width of a word, pixels
    before : of the same transcript before an edit; what it laid out stays, if the shape does
    """

    def __init__(
        self,
        segments: Sequence[Segment],
        shape: Shape,
        measure: Callable[[str], float],
        before: "Layout | None" = None,
    ) -> None:
        self.segments = segments
        self.shape = shape
        self._measure = measure
        known = before.laid_out() if before and before.shape == shape else {}
        self._spots = {
            number: known[id(segment)]
            for number, segment in enumerate(segments)
            if id(segment) in known
        }
        self._heights = [
            self._exact(self._spots[number]) if number in self._spots else self._guess(segment)
            for number, segment in enumerate(segments)
        ]
        self._tops: list[float] = []

    @property
    def height(self) -> float:
        """Of the whole transcript, as far as it is known."""
        tops = self._known_tops()
        return tops[-1] if tops else 0.0

    def top(self, segment: int) -> float:
        """Where a segment begins."""
        return self._known_tops()[segment]

    def spots(self, segment: int) -> tuple[Spot, ...]:
        """Lay a segment out, the first time, and give its words."""
        if segment not in self._spots:
            spots = self._spots[segment] = self._flow(segment)
            exact = self._exact(spots)
            if exact != self._heights[segment]:
                self._heights[segment] = exact
                self._tops = []
        return self._spots[segment]

    def laid_out(self) -> dict[int, tuple[Spot, ...]]:
        """Give the words of the segments that were laid out, by the identity of the segment."""
        return {id(self.segments[number]): spots for number, spots in self._spots.items()}

    def seen(self, top: float, bottom: float) -> range:
        """Lay out what is between two heights, and give those segments."""
        if not self.segments:
            return range(0)
        first = self._segment_at(top)
        last = first
        while last < len(self.segments):
            self.spots(last)
            if self.top(last) >= bottom:
                break
            last += 1
        return range(first, last)

    def word_at(self, x: float, y: float) -> tuple[int, int] | None:
        """Give the segment and the number of the word at a point, or None between words."""
        if not self.segments or y < 0:
            return None
        segment = self._segment_at(y)
        line = int((y - self.top(segment)) // self.shape.line)
        for number, spot in enumerate(self.spots(segment)):
            if spot.line == line and spot.left <= x <= spot.left + spot.width:
                return segment, number
        return None

    def _segment_at(self, y: float) -> int:
        number = bisect_right(self._known_tops(), y) - 1
        return min(max(number, 0), len(self.segments) - 1)

    def _flow(self, segment: int) -> tuple[Spot, ...]:
        spots, x, line = [], 0.0, 0
        for word in self.segments[segment].words:
            width = self._measure(word.word)
            if x and x + width > self.shape.width:
                x, line = 0.0, line + 1
            spots.append(Spot(x, width, line))
            x += width + self.shape.space
        return tuple(spots)

    def _guess(self, segment: Segment) -> float:
        width = len(segment.text) * self.shape.line * LETTER / 2
        return self._height(1 + int(width // max(self.shape.width, 1)))

    def _exact(self, spots: Sequence[Spot]) -> float:
        return self._height(spots[-1].line + 1 if spots else 1)

    def _height(self, lines: int) -> float:
        return lines * self.shape.line + self.shape.gap

    def _known_tops(self) -> list[float]:
        """Tops of all segments, and the end of the last."""
        if not self._tops:
            self._tops = list(accumulate(self._heights, initial=0.0))
        return self._tops
