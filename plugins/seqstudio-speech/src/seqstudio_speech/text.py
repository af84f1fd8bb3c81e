"""Transcripts as labels: Unicode NFC, single spaces, and the alphabet that training text gives."""

import unicodedata
from collections.abc import Iterable, Mapping

from seqstudio.api import DataError
from seqstudio_speech.settings import Case, SpeechSettings


def normalise(text: str, case: Case = "keep") -> str:
    r"""Give NFC with single spaces, none at the ends, in the model's case.

    >>> normalise("  two \t Words", "upper")
    'TWO WORDS'
    """
    text = text.upper() if case == "upper" else text.lower() if case == "lower" else text
    return " ".join(unicodedata.normalize("NFC", text).split())


def normaliser_name(case: Case) -> str:
    """Say in words what `normalise` does."""
    return "NFC, single spaces" + ("" if case == "keep" else f", {case} case")


def vocabulary_of(transcripts: Iterable[str]) -> tuple[str, ...]:
    """Give the characters of normalised transcripts, sorted.

    Raises
    ------
    DataError
        If there are none.
    """
    signs = sorted({sign for text in transcripts for sign in text})
    if not signs:
        raise DataError("the training transcripts are empty, expected some text")
    return tuple(signs)


def case_of(vocabulary: Iterable[str]) -> Case:
    """Say which case an alphabet writes: `keep` where it has both, or none.

    >>> case_of("AB "), case_of("aB"), case_of("あ")
    ('upper', 'keep', 'keep')
    """
    signs = [sign for sign in vocabulary if sign.lower() != sign.upper()]
    if signs and all(sign.isupper() for sign in signs):
        return "upper"
    return "lower" if signs and all(sign.islower() for sign in signs) else "keep"


class Alphabet:
    """Characters and their labels; 0 is the blank of CTC."""

    def __init__(self, settings: SpeechSettings) -> None:
        self.signs = settings.vocabulary
        self.case = settings.case
        self._labels: Mapping[str, int] = {s: n for n, s in enumerate(self.signs, start=1)}

    def encode(self, text: str) -> tuple[int, ...]:
        """Give the labels of a transcript.

        Raises
        ------
        DataError
            If a character is not in the alphabet.
        """
        text = normalise(text, self.case)
        if unknown := sorted(set(text) - set(self.signs)):
            raise DataError(
                f"transcript holds {''.join(unknown)!r}, expected only {''.join(self.signs)!r}"
            )
        return tuple(self._labels[sign] for sign in text)

    def decode(self, labels: Iterable[int]) -> str:
        """Spell labels as they are: spaces may repeat or stand at the ends."""
        return "".join(self.signs[label - 1] for label in labels)
