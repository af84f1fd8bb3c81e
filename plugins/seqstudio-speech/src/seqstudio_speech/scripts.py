"""Scripts that put no spaces between words: their characters are the words that are timed.

No dictionary is needed. A unit is what a reader would never tear apart: a character with its marks,
with the vowels that are written before or after it, and with the punctuation behind it.
"""

import itertools
import unicodedata
from collections.abc import Iterable, Iterator

UNSPACED = (  # blocks of Unicode 16, "Blocks.txt"
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x0F00, 0x0FFF),  # Tibetan
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x3040, 0x31FF),  # Hiragana, Katakana, Bopomofo (and compatibility Jamo)
    (0x3400, 0x4DBF),  # Han
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9D),  # halfwidth Katakana
    (0x20000, 0x3FFFF),
)
BEFORE = frozenset("เแโใไເແໂໃໄ")  # vowels written before their consonant
AFTER = frozenset(
    "ะาำๅຯະາຳຽーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ"
)  # what lengthens or ends a syllable
JOINERS = frozenset("\u17d2\u1039")  # stack the next consonant under the last: coeng, virama


def is_unspaced(vocabulary: Iterable[str]) -> bool:
    """Return whether most letters of an alphabet are of scripts without spaces.

    >>> is_unspaced("กขค "), is_unspaced("abc"), is_unspaced("ab한국")
    (True, False, False)
    """
    letters = [each for each in "".join(vocabulary) if unicodedata.category(each)[0] in "LM"]
    return 2 * sum(map(_in_unspaced_script, letters)) > len(letters)


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield the half-open spans of the words of a text, and of the units of scripts without spaces.

    >>> text = "go 日本 ไปา"
    >>> [text[start:stop] for start, stop in spans(text)]
    ['go', '日', '本', 'ไปา']
    """
    start: int | None = None
    for at, character in enumerate(text):
        if character == " ":
            if start is not None:
                yield start, at
            start = None
        elif start is None:
            start = at
        elif _begins_unit(text[at - 1], character):
            yield start, at
            start = at
    if start is not None:
        yield start, len(text)


def joined(words: Iterable[tuple[str, bool]]) -> str:
    """Join words to a text; each comes with whether it follows the last one without a space.

    >>> joined([("日", False), ("本", True), ("go", False)])
    '日本 go'
    """
    pieces = itertools.chain.from_iterable(
        ("" if attached else " ", word) for word, attached in words
    )
    return "".join(pieces).strip()


def _begins_unit(last: str, character: str) -> bool:
    """Return whether a character that follows another one, without a space, begins a unit."""
    if unicodedata.category(character)[0] in "MP" or character in AFTER:
        return False
    if last in BEFORE or last in JOINERS:
        return False
    return _in_unspaced_script(last) or _in_unspaced_script(character)


def _in_unspaced_script(character: str) -> bool:
    code = ord(character)
    return any(first <= code <= last for first, last in UNSPACED)
