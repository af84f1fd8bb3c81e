"""Words are found by their times as if every one of them were looked at."""

from random import Random

import pytest

from seqstudio.contracts.transcript import Segment, Word
from seqstudio.gui.recording.timeline import Place, Timeline


def overlapping(draw: Random) -> list[Segment]:
    """Draw segments of speakers who interrupt each other, some of which say nothing."""
    segments = []
    for _ in range(draw.randint(2, 12)):
        start = draw.randrange(40) / 4
        starts = [start + draw.randrange(24) / 4 for _ in range(draw.randint(0, 9))]
        words = tuple(
            Word(word="x", start_s=at, end_s=at + draw.choice((0.25, 0.5, 1.0)))
            for at in sorted(starts)
        )
        end = max((word.end_s for word in words), default=start)
        segments.append(Segment(start_s=start, end_s=end, text="x", words=words))
    return segments


@pytest.mark.parametrize("seed", range(20))
def test_the_word_at_a_time_is_that_of_a_search_through_all(seed: int) -> None:
    segments = overlapping(Random(seed))
    timeline = Timeline(segments)
    every = sorted(
        (word.start_s, Place(s, w), word)
        for s, segment in enumerate(segments)
        for w, word in enumerate(segment.words)
    )
    for quarter in range(-1, 70):
        second = quarter / 4
        begun = [one for one in every if one[0] <= second]
        heard = [place for _, place, word in begun if second < word.end_s]
        assert timeline.at(second) == (heard[-1] if heard else None)
        assert timeline.near(second) == (begun[-1:] or every[:1])[0][1]
        for stop_s in (second, second + 1.5, second + 20):
            within = [word for start, _, word in every if second <= start < stop_s]
            assert timeline.between(second, stop_s) == within
            assert timeline.count(second, stop_s) == len(within)


def test_without_words_nothing_is_heard() -> None:
    silent = Timeline([Segment(start_s=0, end_s=9, text="")])
    assert (silent.at(1), silent.near(1), silent.between(0, 9)) == (None, None, [])
