"""Finds the words of a transcript by time; a segment's words are sorted on first use."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import itemgetter

from seqstudio.contracts.transcript import Segment, Word

MAX_OVERLAPPING = 8  # words of a segment that may overlap


@dataclass(frozen=True, slots=True, order=True)
class WordPosition:
    """The position of a word: its segment, and its index in the segment."""

    segment: int
    word: int


WordStart = tuple[float, WordPosition]  # the second at which a word starts, and the word


class WordIndex:
    """Finds words by time. Speakers may overlap, and later segments may start earlier.

    Parameters
    ----------
    segments : with words
    """

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._segments = segments
        spans = sorted(
            (
                min(segment.start_s, segment.words[0].start_s),
                max(segment.end_s, segment.words[-1].end_s),
                number,
            )
            for number, segment in enumerate(segments)
            if segment.words
        )
        self._starts = [start for start, _, _ in spans]
        self._ends = [end for _, end, _ in spans]
        self._numbers = [number for _, _, number in spans]
        self._latest_ends = list(accumulate(self._ends, max))  # of each segment and all before it
        self._word_starts: dict[int, list[WordStart]] = {}

    def word(self, position: WordPosition) -> Word:
        """Return the word at a position."""
        return self._segments[position.segment].words[position.word]

    def at(self, second: float) -> WordPosition | None:
        """Return the word that is spoken at a time: of several, the last that started."""
        found: list[WordStart] = []
        for at in reversed(range(bisect_right(self._starts, second))):
            if self._latest_ends[at] <= second:
                break
            started = self._started(at, second)[-MAX_OVERLAPPING:]
            found += [start for start in started if second < self.word(start[1]).end_s]
        return max(found)[1] if found else None

    def near(self, second: float) -> WordPosition | None:
        """Return the last word that started by a time, or the first of all if none did."""
        found: list[WordStart] = []
        for at in reversed(range(bisect_right(self._starts, second))):
            if found and self._latest_ends[at] < max(found)[0]:
                break
            found += self._started(at, second)[-1:]
        return max(found)[1] if found else self._first()

    def count(self, start_s: float, stop_s: float) -> int:
        """Count the words that start between two times."""
        return sum(last - first for _, first, last in self._ranges(start_s, stop_s))

    def between(self, start_s: float, stop_s: float) -> list[Word]:
        """Return the words that start between two times, in order of their starts."""
        starts = [
            start
            for at, first, last in self._ranges(start_s, stop_s)
            for start in self._sorted(at)[first:last]
        ]
        return [self.word(position) for _, position in sorted(starts)]

    def _first(self) -> WordPosition | None:
        found: list[WordStart] = []
        for at, start in enumerate(self._starts):
            if found and start > min(found)[0]:
                break
            found += self._sorted(at)[:1]
        return min(found)[1] if found else None

    def _ranges(self, start_s: float, stop_s: float) -> Iterator[tuple[int, int, int]]:
        """Yield segments, each with the range of its sorted words that start between two times."""
        for at in range(bisect_left(self._starts, stop_s)):
            if self._starts[at] >= start_s and self._ends[at] <= stop_s:
                yield at, 0, len(self._segments[self._numbers[at]].words)
            elif self._ends[at] >= start_s:
                starts = self._sorted(at)
                yield at, _count_before(starts, start_s), _count_before(starts, stop_s)

    def _started(self, at: int, second: float) -> list[WordStart]:
        starts = self._sorted(at)
        return starts[: bisect_right(starts, second, key=itemgetter(0))]

    def _sorted(self, at: int) -> list[WordStart]:
        if at not in self._word_starts:
            number = self._numbers[at]
            words = self._segments[number].words
            self._word_starts[at] = sorted(
                (word.start_s, WordPosition(number, n)) for n, word in enumerate(words)
            )
        return self._word_starts[at]


def _count_before(starts: Sequence[WordStart], second: float) -> int:
    return bisect_left(starts, second, key=itemgetter(0))
