"""The numbers of characters: 0 ends a passage, 1 stands for all that are not in the alphabet."""

from collections.abc import Sequence
from dataclasses import dataclass

END, UNKNOWN = 0, 1
FIRST = 2


@dataclass(frozen=True)
class Alphabet:
    """The characters that a model knows."""

    characters: str

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return FIRST + len(self.characters)

    def numbers(self, text: str, *, ended: bool = False) -> list[int]:
        """Return the numbers of a text.

        >>> Alphabet("ab").numbers("abc", ended=True)
        [2, 3, 1, 0]
        """
        known = {character: FIRST + at for at, character in enumerate(self.characters)}
        return [known.get(character, UNKNOWN) for character in text] + [END] * ended

    def text(self, numbers: Sequence[int]) -> str:
        r"""Return the text of numbers; an end is an empty line.

        >>> Alphabet("ab").text([2, 0, 3])
        'a\n\nb'
        """
        return "".join("\n\n" if n == END else self.characters[n - FIRST] for n in numbers)
