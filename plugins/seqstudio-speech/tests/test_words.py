import numpy as np
import pytest
from seqstudio_speech.words import PAUSE_S, segments_of, widen, words_of

from seqstudio.api import Word
from seqstudio.api.nn import AlignedLabel


def labels(text: str, *, score: float = 0.5) -> list[AlignedLabel]:
    """Give each character two frames of its own."""
    return [AlignedLabel(1, 2 * n, 2 * n + 2, score) for n in range(len(text))]


def seconds(start_frame: int, end_frame: int) -> tuple[float, float]:
    return start_frame * 0.04, end_frame * 0.04


def word(text: str, start_s: float, end_s: float) -> Word:
    return Word(word=text, start_s=start_s, end_s=end_s, confidence=0.5)


@pytest.mark.parametrize("text", ["", " ", "AB", " AB", "AB  C ", "A B C"])
def test_words_are_split_at_spaces_anywhere(text: str) -> None:
    words = words_of(text, labels(text), seconds)

    assert [one.word for one in words] == text.split()
    for one in words:
        index = f" {text} ".index(f" {one.word} ")
        assert one.start_s == pytest.approx(index * 0.08)
        assert one.end_s == pytest.approx((index + len(one.word)) * 0.08)


def test_confidence_is_the_geometric_mean_over_characters() -> None:
    scored = [AlignedLabel(1, 0, 1, 0.9), AlignedLabel(1, 1, 2, 0.4)]
    (one,) = words_of("AB", scored, seconds)

    assert one.confidence == pytest.approx(0.6)


def test_a_segment_ends_at_a_pause_and_before_it_is_too_long() -> None:
    near, far = word("B", 1.1, 1.5), word("C", 1.5 + PAUSE_S, 3.0)
    steady = [word("D", 4 + n / 2, 4.5 + n / 2) for n in range(20)]
    segments = segments_of([word("A", 0.5, 1.0), near, far, *steady])

    assert [segment.text for segment in segments[:2]] == ["A B", "C"]
    assert all(segment.end_s - segment.start_s <= 7.0 for segment in segments)
    assert sum(len(segment.words) for segment in segments) == 23
    assert segments[0].confidence == 0.5


def test_no_words_give_no_segments() -> None:
    assert segments_of([]) == ()


def test_words_extend_over_loud_audio_and_never_overlap() -> None:
    loud = np.zeros(300, np.bool_)
    loud[50:160] = True
    loud[200:210] = True
    first, second, third = widen(
        [word("A", 0.6, 0.64), word("B", 1.2, 1.24), word("C", 2.5, 2.54)], loud, 0.01, 3.0
    )

    assert (first.start_s, first.end_s) == pytest.approx((0.5, 0.92))
    assert (second.start_s, second.end_s) == pytest.approx((0.92, 1.6))
    assert (third.start_s, third.end_s) == (2.5, 2.54)


def test_words_extend_to_the_ends_of_a_chunk_that_is_loud_throughout() -> None:
    (one,) = widen([word("A", 0.6, 0.64)], np.ones(100, np.bool_), 0.01, 1.0)

    assert (one.start_s, one.end_s) == (0.0, 1.0)
