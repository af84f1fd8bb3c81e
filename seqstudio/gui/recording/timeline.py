"""When the words of a transcript are said; a segment's words are sorted once they are asked for."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import itemgetter

from seqstudio.contracts.transcript import Segment, Word

AT_ONCE = 8  # words of a segment that may be said at the same time


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A word: of which segment, and its number there."""

    segment: int
    word: int


Begin = tuple[float, Place]  # a word, and the second at which it begins


class Timeline:
    """Finds words by their times. Speakers may overlap, and later segments begin earlier.

    Parameters
    ----------
    segments : with words
    """

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._segments = segments
        spans = sorted(
            (min(one.start_s, one.words[0].start_s), max(one.end_s, one.words[-1].end_s), number)
            for number, one in enumerate(segments)
            if one.words
        )
        self._begins = [begin for begin, _, _ in spans]
        self._ends = [end for _, end, _ in spans]
        self._numbers = [number for _, _, number in spans]
        self._over = list(accumulate(self._ends, max))  # when this one and all before have ended
        self._in_time: dict[int, list[Begin]] = {}

    def word(self, place: Place) -> Word:
        """Give a word by its place."""
        return self._segments[place.segment].words[place.word]

    def at(self, second: float) -> Place | None:
        """Give the word that is heard at a time: the last to begin of those that go on."""
        found: list[Begin] = []
        for at in reversed(range(bisect_right(self._begins, second))):
            if self._over[at] <= second:
                break
            begun = self._begun(at, second)[-AT_ONCE:]
            found += [one for one in begun if second < self.word(one[1]).end_s]
        return max(found)[1] if found else None

    def near(self, second: float) -> Place | None:
        """Give the last word to begin until a time, or else the first of all."""
        found: list[Begin] = []
        for at in reversed(range(bisect_right(self._begins, second))):
            if found and self._over[at] < max(found)[0]:
                break
            found += self._begun(at, second)[-1:]
        return max(found)[1] if found else self._first()

    def count(self, start_s: float, stop_s: float) -> int:
        """Count the words that begin in a stretch."""
        return sum(last - first for _, first, last in self._within(start_s, stop_s))

    def between(self, start_s: float, stop_s: float) -> list[Word]:
        """Give the words that begin in a stretch, in the order in which they do."""
        begins = [
            begin
            for at, first, last in self._within(start_s, stop_s)
            for begin in self._sorted(at)[first:last]
        ]
        return [self.word(place) for _, place in sorted(begins)]

    def _first(self) -> Place | None:
        found: list[Begin] = []
        for at, begin in enumerate(self._begins):
            if found and begin > min(found)[0]:
                break
            found += self._sorted(at)[:1]
        return min(found)[1] if found else None

    def _within(self, start_s: float, stop_s: float) -> Iterator[tuple[int, int, int]]:
        """Give segments, and which of their words in time begin in a stretch."""
        for at in range(bisect_left(self._begins, stop_s)):
            if self._begins[at] >= start_s and self._ends[at] <= stop_s:
                yield at, 0, len(self._segments[self._numbers[at]].words)
            elif self._ends[at] >= start_s:
                begins = self._sorted(at)
                yield at, _before(begins, start_s), _before(begins, stop_s)

    def _begun(self, at: int, second: float) -> list[Begin]:
        begins = self._sorted(at)
        return begins[: bisect_right(begins, second, key=itemgetter(0))]

    def _sorted(self, at: int) -> list[Begin]:
        if at not in self._in_time:
            number = self._numbers[at]
            words = self._segments[number].words
            self._in_time[at] = sorted((w.start_s, Place(number, n)) for n, w in enumerate(words))
        return self._in_time[at]


def _before(begins: Sequence[Begin], second: float) -> int:
    return bisect_left(begins, second, key=itemgetter(0))
