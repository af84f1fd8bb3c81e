"""Subtitles keep to the rules of their trade, whatever is said, and no word is lost."""

from itertools import pairwise
from random import Random

import pytest

from seqstudio.contracts.transcript import Segment, Transcript, Word
from seqstudio.media.cues import LETTERS, LINES, Cue, cues_of

LONG = "THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG AND RUNS AWAY " * 3


def transcript(*segments: Segment) -> Transcript:
    return Transcript(audio="a", duration_s=60.0, text="", segments=segments)


def said(text: str, start_s: float) -> Segment:
    """Say one word a second, each for half of one."""
    words = tuple(
        Word(word=word, start_s=start_s + n, end_s=start_s + n + 0.5)
        for n, word in enumerate(text.split())
    )
    return Segment(start_s=start_s, end_s=words[-1].end_s, text=text, words=words)


def test_a_long_segment_is_cut_at_the_times_of_its_words() -> None:
    cues = cues_of(transcript(said(LONG, 2.0)))
    words = LONG.split()

    assert " ".join(cue.text for cue in cues).split() == words
    first = 0
    for cue in cues:
        last = first + len(cue.text.split())
        assert (cue.start_ms, cue.end_ms) == (2000 + 1000 * first, 1500 + 1000 * last)
        first = last
    assert max(len(cue.text) for cue in cues) < 2 * min(len(cue.text) for cue in cues)


def test_a_long_text_without_word_times_is_cut_by_its_letters() -> None:
    text = "abcd " * 24
    cues = cues_of(transcript(Segment(start_s=0.0, end_s=24.0, text=text)))
    assert [(cue.start_ms, cue.end_ms) for cue in cues] == [(0, 12_000), (12_000, 24_000)]


def test_two_lines_are_about_as_long() -> None:
    (cue,) = cues_of(transcript(said("one two three four five six seven eight nine ten", 0.0)))
    assert cue.text == "one two three four five\nsix seven eight nine ten"


def test_a_word_longer_than_a_line_stays_whole() -> None:
    (cue,) = cues_of(transcript(said("x" * 50, 0.0)))
    assert cue.text == "x" * 50


@pytest.mark.parametrize(
    ("times", "apart"),
    [
        (((0, 4), (3, 5)), [(0, 3000), (3000, 5000)]),
        (((0, 4), (0, 8)), [(0, 2000), (2000, 8000)]),
        (((3, 5), (0, 4)), [(0, 3000), (3000, 5000)]),
        (((1, 1), (1, 1)), [(1000, 1001), (1001, 1002)]),
    ],
)
def test_of_two_who_speak_at_once_the_first_gives_way(
    times: tuple[tuple[float, float], ...], apart: list[tuple[int, int]]
) -> None:
    segments = (Segment(start_s=start, end_s=end, text="AH") for start, end in times)
    cues = cues_of(transcript(*segments))
    assert [(cue.start_ms, cue.end_ms) for cue in cues] == apart


@pytest.mark.parametrize("seed", range(20))
def test_the_rules_hold_whatever_is_said(seed: int) -> None:
    draw = Random(seed)
    segments = tuple(
        said(
            " ".join("x" * draw.randint(1, 12) for _ in range(draw.randint(1, 60))),
            draw.randrange(50),
        )
        for _ in range(9)
    )
    cues: list[Cue] = cues_of(transcript(*segments))

    letters = sorted(word for one in segments for word in one.text.split())
    assert sorted(word for cue in cues for word in cue.text.split()) == letters
    for cue in cues:
        lines = cue.text.split("\n")
        assert len(lines) <= LINES
        assert max(map(len, lines)) <= LETTERS
        assert cue.start_ms < cue.end_ms
    assert all(one.end_ms <= two.start_ms for one, two in pairwise(cues))
