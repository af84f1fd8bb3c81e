"""Lines of words: nothing overlaps, and only what is looked at is laid out."""

from collections.abc import Callable

from seqstudio.contracts.transcript import Segment, Word
from seqstudio.gui.recording.transcript_layout import Layout, Shape

SHAPE = Shape(width=100, line=20, space=5, gap=10)


def segment(text: str) -> Segment:
    words = tuple(Word(word=w, start_s=0, end_s=1) for w in text.split())
    return Segment(start_s=0, end_s=1, text=text, words=words)


def laid_out(*texts: str) -> tuple[Layout, list[str]]:
    """A layout of letters 10 wide, and the words that were measured."""
    measured: list[str] = []

    return Layout([segment(text) for text in texts], SHAPE, measured_by(measured)), measured


def measured_by(measured: list[str]) -> Callable[[str], float]:
    def measure(word: str) -> float:
        measured.append(word)
        return 10.0 * len(word)

    return measure


def test_words_fill_lines_without_overlap() -> None:
    layout, _ = laid_out("aaaa bbbb cc dddddddddddd e")
    spots = layout.spots(0)

    assert [(s.left, s.line) for s in spots] == [(0, 0), (45, 0), (0, 1), (0, 2), (0, 3)]
    assert layout.height == 4 * 20 + 10


def test_only_what_is_seen_is_measured() -> None:
    layout, measured = laid_out(*["some words of a segment"] * 2000)
    seen = layout.seen(0, 300)

    assert seen.start == 0
    assert len(measured) < 100
    assert layout.top(seen[-1]) < 300 <= layout.top(seen[-1] + 1) + 100


def test_far_down_is_seen_without_what_lies_above() -> None:
    layout, measured = laid_out(*["some words of a segment"] * 2000)
    layout.seen(layout.height - 300, layout.height)  # heights become exact
    seen = layout.seen(layout.height - 300, layout.height)

    assert seen[-1] == 1999
    assert len(measured) < 100


def test_an_edit_leaves_what_was_laid_out_where_it_was() -> None:
    before, measured = laid_out(*["a guess is longer than it is"] * 50)
    for number in range(50):
        before.spots(number)
    where = before.top(40)
    measured.clear()
    segments = [*before.segments[:30], segment("other words"), *before.segments[31:]]
    after = Layout(segments, SHAPE, measured_by(measured), before)

    assert after.top(30) == before.top(30)
    for number in range(50):
        after.spots(number)
    assert measured == ["other", "words"]
    assert after.top(40) == where - before.top(31) + after.top(31)


def test_a_point_finds_the_word_that_is_painted_there() -> None:
    layout, _ = laid_out("aaaa bbbb cc", "dd")
    assert layout.word_at(50, 5) == (0, 1)
    assert layout.word_at(5, 25) == (0, 2)
    assert layout.word_at(42, 5) is None  # between words
    assert layout.word_at(5, 55) == (1, 0)
    assert layout.word_at(5, -3) is None
    assert layout.word_at(5, 500) is None


def test_nothing_has_no_height() -> None:
    layout, _ = laid_out()
    assert layout.height == 0
    assert list(layout.seen(0, 100)) == []
    assert layout.word_at(1, 1) is None
