"""The index finds the same words as a search through all of them."""

from random import Random

import pytest

from seqstudio.contracts.transcript import Segment, Word
from seqstudio.gui.recording.word_index import WordIndex, WordPosition


def overlapping(rng: Random) -> list[Segment]:
    """Draw overlapping segments, some without words."""
    segments = []
    for _ in range(rng.randint(2, 12)):
        start = rng.randrange(40) / 4
        starts = [start + rng.randrange(24) / 4 for _ in range(rng.randint(0, 9))]
        words = tuple(
            Word(word="x", start_s=at, end_s=at + rng.choice((0.25, 0.5, 1.0)))
            for at in sorted(starts)
        )
        end = max((word.end_s for word in words), default=start)
        segments.append(Segment(start_s=start, end_s=end, text="x", words=words))
    return segments


@pytest.mark.parametrize("seed", range(20))
def test_the_index_finds_the_same_words_as_a_search_through_all(seed: int) -> None:
    segments = overlapping(Random(seed))
    index = WordIndex(segments)
    every = sorted(
        (word.start_s, WordPosition(s, w), word)
        for s, segment in enumerate(segments)
        for w, word in enumerate(segment.words)
    )
    for quarter in range(-1, 70):
        second = quarter / 4
        started = [one for one in every if one[0] <= second]
        spoken = [position for _, position, word in started if second < word.end_s]
        assert index.at(second) == (spoken[-1] if spoken else None)
        assert index.near(second) == (started[-1:] or every[:1])[0][1]
        for stop_s in (second, second + 1.5, second + 20):
            within = [word for start, _, word in every if second <= start < stop_s]
            assert index.between(second, stop_s) == within
            assert index.count(second, stop_s) == len(within)


def test_without_words_nothing_is_found() -> None:
    empty = WordIndex([Segment(start_s=0, end_s=9, text="")])
    assert (empty.at(1), empty.near(1), empty.between(0, 9)) == (None, None, [])
