"""Characters as labels, for models that read or write text character by character."""

from collections.abc import Iterable
from dataclasses import dataclass

from seqstudio.errors import DataError


@dataclass(frozen=True, slots=True)
class Alphabet:
    """The characters of a model. Label 0 is the blank of CTC and the end of a decoder; they follow.

    >>> alphabet = Alphabet.of(["bad", "cab"])
    >>> alphabet.characters, alphabet.size, alphabet.labels("cab")
    ('abcd', 5, (3, 1, 2))
    >>> alphabet.text([3, 1, 2, 0])
    'cab'
    """

    characters: str

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Alphabet":
        """Return the alphabet of texts, in the order of Unicode."""
        return cls("".join(sorted(set().union(*texts))))

    @property
    def size(self) -> int:
        """The number of labels, label 0 among them: the vocabulary of a head or decoder."""
        return len(self.characters) + 1

    def labels(self, text: str, *, unknown: int | None = None) -> tuple[int, ...]:
        """Return a label for each character.

        Parameters
        ----------
        unknown : the label of a character that is not in the alphabet; None: there may be none

        Raises
        ------
        DataError
            If there is one all the same.
        """
        of_character = {
            character: label for label, character in enumerate(self.characters, start=1)
        }
        if unknown is None and (missing := sorted(set(text) - of_character.keys())):
            raise DataError(
                f"{text!r}: character {missing[0]!r}, expected one of {self.characters!r}"
            )
        return tuple(of_character.get(character, unknown or 0) for character in text)

    def text(self, labels: Iterable[int]) -> str:
        """Return the characters of labels; label 0 is none."""
        return "".join(self.characters[label - 1] for label in labels if label)
