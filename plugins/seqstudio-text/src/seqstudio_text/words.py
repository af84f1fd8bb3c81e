"""Words of a text with their places, and the features of a word: what it is made of."""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

WORD = re.compile(r"\w+(?:['\u2019]\w+)*|[^\w\s]")
SHORTEST, LONGEST = 3, 5  # letters of the pieces of a word
LONGEST_WORD = 40  # letters from which pieces are taken


@dataclass(frozen=True, slots=True)
class Word:
    """A word or a sign, at its place in the text."""

    text: str
    start: int
    end: int


def split_words(text: str) -> list[Word]:
    """Split a text into words and signs.

    >>> [word.text for word in split_words("Don't stop!")]
    ["Don't", 'stop', '!']
    """
    return [Word(match[0], match.start(), match.end()) for match in WORD.finditer(text)]


def feature_of(name: str, buckets: int) -> int:
    """Return the number of a feature: a hash of its name, the same on every machine."""
    return zlib.crc32(name.encode()) % buckets


def pieces(word: str) -> list[str]:
    """Return the pieces of a word, which rare words share with others (Bojanowski et al. 2017).

    >>> pieces("at")
    ['<at', 'at>', '<at>']
    """
    whole = f"<{word[:LONGEST_WORD]}>"
    return [
        whole[start : start + size]
        for size in range(SHORTEST, LONGEST + 1)
        for start in range(len(whole) - size + 1)
    ]


def word_features(words: Sequence[str], buckets: int, *, pairs: bool = True) -> list[list[int]]:
    """Return the features of each word: itself, its pieces, and with `pairs` the one before it."""
    found, before = [], "^"
    for word in (text.lower() for text in words):
        pair = [feature_of(f"b{before} {word}", buckets)] if pairs else []
        found.append([*own_features(word, buckets), *pair])
        before = word
    return found


@lru_cache(maxsize=2**16)
def own_features(word: str, buckets: int) -> tuple[int, ...]:
    """Return the features of a word in small letters alone, which many texts ask for again."""
    names = [f"w{word}", *(f"p{piece}" for piece in pieces(word))]
    return tuple(feature_of(name, buckets) for name in names)


def shape_features(words: Sequence[str], buckets: int) -> list[list[int]]:
    """Return features of how each word is written: its case, digits and signs, and its ends."""
    found = []
    shapes = ["^", *map(shape, words), "$"]
    for number, word in enumerate(words):
        before, own, after = shapes[number : number + 3]
        names = [f"s{own}", f"s{before} {own}", f"s{own} {after}", f"s{before} {own} {after}"]
        names += [f"first{number == 0}", f"kind{kind(word)}", f"title{own[:2]}"]
        names += [f"end{word[-size:]}" for size in (2, 3)] + [
            f"start{word[:size]}" for size in (2, 3)
        ]
        found.append([feature_of(name, buckets) for name in names])
    return found


def shape(word: str) -> str:
    """Return a word with its letters as x or X and its digits as 0, runs of one kind shortened.

    >>> shape("McDonald's"), shape("@user99")
    ("XxXx'x", '@x0')
    """
    marks = re.sub(r"[^\W\d_]", lambda m: "X" if m[0].isupper() else "x", word)
    return re.sub(r"(.)\1+", r"\1", re.sub(r"\d", "0", marks))[:12]


def kind(word: str) -> str:
    """Return what a word of a message on the net may be: a link, a name, a tag, or a word."""
    if word.startswith(("http", "www.")):
        return "link"
    return {"@": "name", "#": "tag"}.get(word[:1], "upper" if word.isupper() else "word")
