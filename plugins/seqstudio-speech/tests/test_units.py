"""A model of units of several letters: its texts have letters, its words their times."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from seqstudio_speech.decoding import SearchOptions
from seqstudio_speech.language_model import estimate
from seqstudio_speech.recognise import Recogniser
from seqstudio_speech.task import CtcTask

from seqstudio.api import AudioExample, LoadedModel, pool

pytestmark = pytest.mark.medium


def test_a_model_of_units_writes_letters_with_the_times_of_their_words(
    units_model: LoadedModel, say: Callable[..., Path], spoken: Callable[[str], Any]
) -> None:
    true = spoken("AB BA ABC")
    found = Recogniser(units_model).transcribe(say("AB BA ABC"))
    words = [word for segment in found.segments for word in segment.words]

    assert units_model.settings.vocabulary == (" ", "A", "AB", "B", "C", "CA")
    assert found.text == "AB BA ABC"
    assert [one.word for one in words] == ["AB", "BA", "ABC"]
    for word, (start_s, end_s) in zip(words, true.spans_s, strict=True):
        assert start_s - 0.12 < word.start_s < word.end_s < end_s + 0.12


def test_a_language_model_and_phrases_spell_words_in_units(
    units_model: LoadedModel, say: Callable[..., Path]
) -> None:
    words = estimate(["AB BA ABC", "BA AB"] * 5)
    options = SearchOptions(words=words, phrases=("ABC",))
    assert Recogniser(units_model, options).transcribe(say("AB BA ABC")).text == "AB BA ABC"


def test_units_are_measured_by_letters(units_model: LoadedModel, say: Callable[..., Path]) -> None:
    example = AudioExample(id="a", audio=say("AB BA ABC"), transcript="AB BA ABC")
    measured = list(CtcTask().measure(units_model, [example]))

    assert measured[0].sums["cer"] == (0.0, 9.0)
    assert pool(measured)["nll_per_character"] < 0.7
