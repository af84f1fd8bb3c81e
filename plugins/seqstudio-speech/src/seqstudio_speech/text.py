"""Transcripts as labels: normalised text, and the alphabet of the training transcripts."""

import unicodedata
from collections.abc import Iterable, Mapping

from seqstudio.api import DataError
from seqstudio_speech.settings import Case, SpeechSettings


def normalise(text: str, case: Case = "keep") -> str:
    r"""Return text in Unicode NFC and the given case, with single spaces and none at the ends.

    >>> normalise("  two \t Words", "upper")
    'TWO WORDS'
    """
    text = text.upper() if case == "upper" else text.lower() if case == "lower" else text
    return " ".join(unicodedata.normalize("NFC", text).split())


def normaliser_name(case: Case) -> str:
    """Describe what `normalise` does, for reports."""
    return "NFC, single spaces" + ("" if case == "keep" else f", {case} case")


def vocabulary_of(transcripts: Iterable[str]) -> tuple[str, ...]:
    """Return the characters of normalised transcripts, sorted.

    Raises
    ------
    DataError
        If the transcripts hold no characters.
    """
    characters = sorted({character for text in transcripts for character in text})
    if not characters:
        raise DataError("the training transcripts are empty, expected some text")
    return tuple(characters)


def case_of(vocabulary: Iterable[str]) -> Case:
    """Return the case of an alphabet: `keep` if it has both cases, or letters without case.

    >>> case_of("AB "), case_of("aB"), case_of("あ")
    ('upper', 'keep', 'keep')
    """
    letters = [each for each in vocabulary if each.lower() != each.upper()]
    if letters and all(letter.isupper() for letter in letters):
        return "upper"
    return "lower" if letters and all(letter.islower() for letter in letters) else "keep"


class Alphabet:
    """Maps characters to labels and back; label 0 is the blank of CTC."""

    def __init__(self, settings: SpeechSettings) -> None:
        self.characters = settings.vocabulary
        self.case = settings.case
        self._labels: Mapping[str, int] = {
            character: label for label, character in enumerate(self.characters, start=1)
        }

    def encode(self, text: str) -> tuple[int, ...]:
        """Return the labels of a transcript.

        Raises
        ------
        DataError
            If a character is not in the alphabet.
        """
        text = normalise(text, self.case)
        if unknown := sorted(set(text) - set(self.characters)):
            raise DataError(
                f"transcript holds {''.join(unknown)!r}, expected only {''.join(self.characters)!r}"
            )
        return tuple(self._labels[character] for character in text)

    def decode(self, labels: Iterable[int]) -> str:
        """Return the text of labels as it is: spaces may repeat or be at the ends."""
        return "".join(self.characters[label - 1] for label in labels)
