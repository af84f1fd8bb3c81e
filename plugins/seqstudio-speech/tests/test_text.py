import pytest
from seqstudio_speech.settings import SpeechSettings
from seqstudio_speech.text import (
    Alphabet,
    case_of,
    normalise,
    normaliser_name,
    units_of,
    vocabulary_of,
)

from seqstudio.api import ConfigError, DataError


def test_composed_and_decomposed_letters_are_equal() -> None:
    assert normalise("e\u0301") == normalise("\u00e9") == "\u00e9"


def test_any_alphabet_becomes_a_vocabulary() -> None:
    assert vocabulary_of(["ñωé", "д\u0430 ñя"]) == (" ", "é", "ñ", "ω", "\u0430", "д", "я")


def test_labels_decode_to_the_text_and_are_never_zero() -> None:
    alphabet = Alphabet(SpeechSettings(vocabulary=(" ", "A", "B")))
    labels = alphabet.encode("AB  BA")

    assert labels == (2, 3, 1, 3, 2)
    assert alphabet.decode(labels) == "AB BA"


def test_units_of_several_letters_have_a_label_each_and_decode_to_letters() -> None:
    texts = ["mbongo", "ngombe na mama"]
    vocabulary = vocabulary_of(texts, ["mb", "ng", "zz"])
    alphabet = Alphabet(SpeechSettings(vocabulary=vocabulary))
    labels = alphabet.encode("mbongo")

    assert vocabulary == (" ", "a", "e", "m", "mb", "n", "ng", "o")
    assert [vocabulary[label - 1] for label in labels] == ["mb", "o", "ng", "o"]
    assert [alphabet.decode(alphabet.encode(text)) for text in texts] == texts
    assert alphabet.encode_known("mb-ng") == alphabet.encode("mbng")
    with pytest.raises(DataError, match="transcript holds 'b', expected only ' aemmbnngo'"):
        alphabet.encode("bo")


def test_of_two_units_the_longer_one_is_taken() -> None:
    assert units_of("tsha", ["ts", "sh", "tsh"]) == ["tsh", "a"]


def test_a_character_outside_the_alphabet_is_named() -> None:
    with pytest.raises(DataError, match="transcript holds 'É', expected only ' AB'"):
        Alphabet(SpeechSettings(vocabulary=(" ", "A", "B"))).encode("ÉA")


def test_a_model_of_one_case_reads_both() -> None:
    settings = SpeechSettings(vocabulary=(" ", "A", "B"), case=case_of(" AB"))

    assert Alphabet(settings).encode("ab") == (2, 3)
    assert normaliser_name(settings.case) == "NFC, single spaces, upper case"


def test_empty_transcripts_give_no_vocabulary() -> None:
    with pytest.raises(DataError, match="transcripts are empty, expected some text"):
        vocabulary_of(["", ""])


@pytest.mark.parametrize("vocabulary", [(), ("A", "A"), ("A B",), ("",)])
def test_a_bad_vocabulary_is_refused(vocabulary: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match=r"^vocabulary.*expected"):
        SpeechSettings(vocabulary=vocabulary)
