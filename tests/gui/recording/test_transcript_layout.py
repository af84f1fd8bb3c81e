"""Lines of words do not overlap, and only visible segments are laid out."""

from collections.abc import Callable

from seqstudio.contracts.transcript import Segment, Word
from seqstudio.gui.recording.transcript_layout import LayoutMetrics, TranscriptLayout

SHAPE = LayoutMetrics(width=100, line=20, space=5, gap=10)


def segment(text: str) -> Segment:
    words = tuple(Word(word=w, start_s=0, end_s=1) for w in text.split())
    return Segment(start_s=0, end_s=1, text=text, words=words)


def layout_of(*texts: str) -> tuple[TranscriptLayout, list[str]]:
    """Return a layout of letters 10 wide, and the list of measured words."""
    measured: list[str] = []

    return TranscriptLayout(
        [segment(text) for text in texts], SHAPE, measured_by(measured)
    ), measured


def measured_by(measured: list[str]) -> Callable[[str], float]:
    def measure(word: str) -> float:
        measured.append(word)
        return 10.0 * len(word)

    return measure


def test_words_fill_lines_without_overlap() -> None:
    layout, _ = layout_of("aaaa bbbb cc dddddddddddd e")
    boxes = layout.word_boxes(0)

    assert [(s.left, s.line) for s in boxes] == [(0, 0), (45, 0), (0, 1), (0, 2), (0, 3)]
    assert layout.height == 4 * 20 + 10


def test_only_visible_words_are_measured() -> None:
    layout, measured = layout_of(*["some words of a segment"] * 2000)
    visible = layout.visible(0, 300)

    assert visible.start == 0
    assert len(measured) < 100
    assert layout.top(visible[-1]) < 300 <= layout.top(visible[-1] + 1) + 100


def test_the_end_is_laid_out_without_what_is_above() -> None:
    layout, measured = layout_of(*["some words of a segment"] * 2000)
    layout.visible(layout.height - 300, layout.height)  # heights become exact
    visible = layout.visible(layout.height - 300, layout.height)

    assert visible[-1] == 1999
    assert len(measured) < 100


def test_an_edit_keeps_what_was_layout_of() -> None:
    before, measured = layout_of(*["a guess is longer than it is"] * 50)
    for number in range(50):
        before.word_boxes(number)
    previous_top = before.top(40)
    measured.clear()
    segments = [*before.segments[:30], segment("other words"), *before.segments[31:]]
    after = TranscriptLayout(segments, SHAPE, measured_by(measured), before)

    assert after.top(30) == before.top(30)
    for number in range(50):
        after.word_boxes(number)
    assert measured == ["other", "words"]
    assert after.top(40) == previous_top - before.top(31) + after.top(31)


def test_a_point_finds_its_word() -> None:
    layout, _ = layout_of("aaaa bbbb cc", "dd")
    assert layout.word_at(50, 5) == (0, 1)
    assert layout.word_at(5, 25) == (0, 2)
    assert layout.word_at(42, 5) is None  # between words
    assert layout.word_at(5, 55) == (1, 0)
    assert layout.word_at(5, -3) is None
    assert layout.word_at(5, 500) is None


def test_an_empty_layout_has_no_height() -> None:
    layout, _ = layout_of()
    assert layout.height == 0
    assert list(layout.visible(0, 100)) == []
    assert layout.word_at(1, 1) is None


def test_words_of_hebrew_begin_at_the_right_edge() -> None:
    words = tuple(Word(word=word, start_s=0, end_s=1) for word in ("שלום", "עולם"))
    segment = Segment(start_s=0, end_s=1, text="שלום עולם", words=words)
    metrics = LayoutMetrics(width=100, line=20, space=5, gap=5)
    layout = TranscriptLayout((segment,), metrics, lambda word: 10.0 * len(word))

    assert [(box.left, box.line) for box in layout.word_boxes(0)] == [(60, 0), (15, 0)]
