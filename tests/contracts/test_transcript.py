"""Times of transcripts are checked before they are written."""

import math

import pytest

from seqstudio.contracts.transcript import Segment, Transcript, Word, check_times
from seqstudio.errors import DataError


def transcript(*times: tuple[float, float], word: tuple[float, float] = (0.0, 1.0)) -> Transcript:
    words = (Word(word="ja", start_s=word[0], end_s=word[1]),)
    found = [Segment(start_s=a, end_s=b, text="ja", words=words) for a, b in times]
    return Transcript(audio="a.wav", duration_s=1.0, text="ja", segments=tuple(found))


@pytest.mark.parametrize("span", [(math.nan, 1.0), (0.0, math.nan), (0.0, math.inf), (-1.0, 1.0)])
def test_a_time_that_is_none_is_named(span: tuple[float, float]) -> None:
    with pytest.raises(DataError, match=r"^segment 2 \('ja'\): from .* s, expected 0 s or more"):
        check_times(transcript((0.0, 1.0), span))
    with pytest.raises(DataError, match=r"^segment 1, word 'ja': from .* expected 0 s or more"):
        check_times(transcript((0.0, 1.0), word=span))


def test_an_end_before_its_start_is_refused_and_an_empty_span_is_not() -> None:
    check_times(transcript((0.5, 0.5)))
    with pytest.raises(DataError, match=r"from 0\.6 to 0\.5 s, expected"):
        check_times(transcript((0.6, 0.5)))
