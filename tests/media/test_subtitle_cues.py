"""Subtitle cues are short and never overlap, and no word is lost."""

from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest

from seqstudio.contracts.presentation import Presentation
from seqstudio.contracts.transcript import Segment, Transcript, Word
from seqstudio.errors import ConfigError
from seqstudio.media.subtitle_cues import MAX_LINES, USUAL, Cue, subtitle_cues

LONG = "THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG AND RUNS AWAY " * 3


def transcript(*segments: Segment) -> Transcript:
    return Transcript(audio="a", duration_s=60.0, text="", segments=segments)


def spoken(text: str, start_s: float) -> Segment:
    """Return a segment with one word per second, each half a second long."""
    words = tuple(
        Word(word=word, start_s=start_s + n, end_s=start_s + n + 0.5)
        for n, word in enumerate(text.split())
    )
    return Segment(start_s=start_s, end_s=words[-1].end_s, text=text, words=words)


def test_a_long_segment_is_split_at_the_times_of_its_words() -> None:
    cues = subtitle_cues(transcript(spoken(LONG, 2.0)))
    words = LONG.split()

    assert " ".join(cue.text for cue in cues).split() == words
    first = 0
    for cue in cues:
        last = first + len(cue.text.split())
        assert (cue.start_ms, cue.end_ms) == (2000 + 1000 * first, 1500 + 1000 * last)
        first = last
    assert max(len(cue.text) for cue in cues) < 2 * min(len(cue.text) for cue in cues)


def test_a_long_text_without_word_times_is_split_by_its_characters() -> None:
    text = "abcd " * 24
    cues = subtitle_cues(transcript(Segment(start_s=0.0, end_s=24.0, text=text)))
    assert [(cue.start_ms, cue.end_ms) for cue in cues] == [(0, 12_000), (12_000, 24_000)]


def test_two_lines_have_similar_lengths() -> None:
    (cue,) = subtitle_cues(
        transcript(spoken("one two three four five six seven eight nine ten", 0.0))
    )
    assert cue.text == "one two three four five\nsix seven eight nine ten"


def test_a_word_longer_than_a_line_is_not_split() -> None:
    (cue,) = subtitle_cues(transcript(spoken("x" * 50, 0.0)))
    assert cue.text == "x" * 50


def test_a_long_text_without_spaces_and_times_is_broken_into_lines() -> None:
    text = "กำ" * 100
    cues = subtitle_cues(transcript(Segment(start_s=0.0, end_s=24.0, text=text)))
    lines = [line for cue in cues for line in cue.text.splitlines()]

    assert "".join(lines) == text
    assert max(map(len, lines)) <= USUAL.line_length


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (((0, 4), (3, 5)), [(0, 3000), (3000, 5000)]),
        (((0, 4), (0, 8)), [(0, 2000), (2000, 8000)]),
        (((3, 5), (0, 4)), [(0, 3000), (3000, 5000)]),
        (((1, 1), (1, 1)), [(1000, 1001), (1001, 2001)]),
    ],
)
def test_the_first_of_two_overlapping_cues_is_shortened(
    times: tuple[tuple[float, float], ...], expected: list[tuple[int, int]]
) -> None:
    segments = (Segment(start_s=start, end_s=end, text="AH") for start, end in times)
    cues = subtitle_cues(transcript(*segments))
    assert [(cue.start_ms, cue.end_ms) for cue in cues] == expected


@pytest.mark.parametrize("seed", range(20))
def test_cues_of_random_segments_are_short_and_do_not_overlap(seed: int) -> None:
    rng = Random(seed)
    segments = tuple(
        spoken(
            " ".join("x" * rng.randint(1, 12) for _ in range(rng.randint(1, 60))),
            rng.randrange(50),
        )
        for _ in range(9)
    )
    cues: list[Cue] = subtitle_cues(transcript(*segments))

    words = sorted(word for one in segments for word in one.text.split())
    assert sorted(word for cue in cues for word in cue.text.split()) == words
    for cue in cues:
        lines = cue.text.split("\n")
        assert len(lines) <= MAX_LINES
        assert max(map(len, lines)) <= USUAL.line_length
        assert cue.start_ms < cue.end_ms
    assert all(one.end_ms <= two.start_ms for one, two in pairwise(cues))


def test_a_cue_stays_until_it_is_read_or_the_next_one_starts() -> None:
    segments = [
        Segment(start_s=1.0, end_s=1.2, text="x" * 30),
        Segment(start_s=2.0, end_s=2.1, text="yes"),
        Segment(start_s=59.9, end_s=59.95, text="no"),
    ]
    slow = Presentation(least_s=2.0, reading_speed=10.0)
    times = [(cue.start_ms, cue.end_ms) for cue in subtitle_cues(transcript(*segments), slow)]

    assert times == [(1000, 2000), (2000, 4000), (59_900, 60_000)]


def test_lines_are_as_long_as_asked() -> None:
    narrow = Presentation(line_length=16)
    cues = subtitle_cues(transcript(spoken(LONG, 2.0)), narrow)
    lines = [line for cue in cues for line in cue.text.splitlines()]

    assert max(map(len, lines)) <= 16
    assert " ".join(lines).split() == LONG.split()


def test_who_speaks_is_said_where_it_changes() -> None:
    said = [replace(spoken("AH", n), speaker=who) for n, who in enumerate(("Ann", "Ann", "Bo"))]

    assert [cue.text for cue in subtitle_cues(transcript(*said), named=True)] == [
        "Ann: AH",
        "AH",
        "Bo: AH",
    ]


@pytest.mark.parametrize(
    ("field", "value"), [("line_length", 0), ("least_s", -1.0), ("reading_speed", 0.0)]
)
def test_a_layout_that_nobody_can_read_is_refused(field: str, value: float) -> None:
    with pytest.raises(ConfigError, match=rf"^{field}={value}, expected"):
        Presentation(**{field: value})
