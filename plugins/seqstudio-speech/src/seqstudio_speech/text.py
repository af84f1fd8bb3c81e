"""Transcripts as labels: normalised text, and the alphabet of the training transcripts."""

import re
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


def normaliser_name(case: Case, spelling: Mapping[str, str] | None = None) -> str:
    """Describe what `normalise` and `respelled` do, for reports."""
    respelled = f"{len(spelling)} replacements, " if spelling else ""
    return f"{respelled}NFC, single spaces" + ("" if case == "keep" else f", {case} case")


def respelled(text: str, spelling: Mapping[str, str]) -> str:
    """Return a text in NFC with parts replaced, longer ones first; none is replaced twice.

    >>> respelled("<noise> naïve", {"<noise>": "", "ï": "i"})
    ' naive'
    """
    text = unicodedata.normalize("NFC", text)
    if not spelling:
        return text
    parts = sorted(spelling, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, parts)), lambda found: spelling[found[0]], text)


def units_of(text: str, units: Iterable[str]) -> list[str]:
    """Split a text into units of several characters, longer ones first, and single characters.

    >>> units_of("mbongo", ["mb", "ng"])
    ['mb', 'o', 'ng', 'o']
    """
    longest = sorted((one for one in units if len(one) > 1), key=len, reverse=True)
    return re.findall("|".join([*map(re.escape, longest), "."]), text, re.DOTALL)


def vocabulary_of(transcripts: Iterable[str], units: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the characters of normalised transcripts, sorted, and those of these units they hold.

    Raises
    ------
    DataError
        If the transcripts hold no characters.
    """
    units = tuple(units)
    characters = sorted({unit for text in transcripts for unit in units_of(text, units)})
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
    """Maps characters, or units of several, to labels and back; label 0 is the blank of CTC."""

    def __init__(self, settings: SpeechSettings) -> None:
        self.characters = settings.vocabulary
        self.case = settings.case
        self.spelling = settings.spelling
        self._labels: Mapping[str, int] = {
            character: label for label, character in enumerate(self.characters, start=1)
        }

    def normalise(self, text: str) -> str:
        """Return a text in the spelling and case of the alphabet."""
        return normalise(respelled(text, self.spelling), self.case)

    def encode(self, text: str) -> tuple[int, ...]:
        """Return the labels of a transcript.

        Raises
        ------
        DataError
            If a character is not in the alphabet.
        """
        units = self.units(self.normalise(text))
        if unknown := sorted(set(units) - set(self.characters)):
            raise DataError(
                f"transcript holds {''.join(unknown)!r}, expected only {''.join(self.characters)!r}"
            )
        return tuple(self._labels[unit] for unit in units)

    def units(self, text: str) -> list[str]:
        """Split a normalised text into what has a label each, if it is known."""
        return units_of(text, self.characters)

    def encode_known(self, text: str) -> tuple[int, ...]:
        """Return the labels of those characters of a text that are in the alphabet."""
        units = self.units(self.normalise(text))
        return tuple(self._labels[one] for one in units if one in self._labels)

    def encode_space(self) -> int:
        """Return the label of the space; 0 if there is none."""
        return self._labels.get(" ", 0)

    def decode(self, labels: Iterable[int]) -> str:
        """Return the text of labels as it is: spaces may repeat or be at the ends."""
        return "".join(self.characters[label - 1] for label in labels)
