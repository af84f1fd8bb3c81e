"""What is odd about the letters of transcripts, said before they become a vocabulary."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

RARE = 5  # a letter that stands in fewer texts is learned badly, and is often a slip
MARK = re.compile(r"<[^<>\s]+>|\[[^\[\]]+\]|\{[^{}]+\}")  # <noise>, [laughs], {cough}
INVISIBLE = frozenset(["Cc", "Cf", "Co", "Cn"])  # controls, zero-width and unassigned characters
JOINERS = "\u200c\u200d"  # spelling needs them in Persian and in Indic scripts
REPLACEMENT = "\ufffd"


@dataclass(frozen=True, slots=True)
class Oddity:
    """One odd thing, in how many texts it stands, and one of them."""

    what: str
    texts: int
    example: str

    def __str__(self) -> str:
        return f"{self.what}, for example in {self.example}"


def oddities(texts: Mapping[str, str]) -> list[Oddity]:
    """Return what is odd about normalised texts, by the names of where they stand.

    >>> [oddity] = oddities({"a:1": "ONE <noise>", "a:2": "TWO"})
    >>> print(oddity.texts, oddity)
    1 mark '<noise>', spelled by the model unless it is taken out, for example in a:1
    """
    found: dict[str, list[str]] = {}
    scripts = Counter(script_of(one) for text in texts.values() for one in text if one.isalpha())
    for where, text in texts.items():
        for what in dict.fromkeys((*_odd_in(text), *_strangers(text, scripts))):
            found.setdefault(what, []).append(where)
    odd = [Oddity(what, len(places), places[0]) for what, places in found.items()]
    return sorted(odd, key=lambda one: -one.texts) + list(_rare(texts))


def _odd_in(text: str) -> Iterator[str]:
    for mark in MARK.findall(text):
        yield f"mark {mark!r}, spelled by the model unless it is taken out"
    for character in text:
        if is_invisible(character):
            yield f"character {named(character)}, which cannot be seen or heard"
        elif character.isdigit():
            yield "digits, which are not spelled as they are said"


def is_invisible(character: str) -> bool:
    """Return whether a character is a control, of zero width, unassigned or a lost one."""
    if character == REPLACEMENT:
        return True
    return unicodedata.category(character) in INVISIBLE and character not in JOINERS


def _strangers(text: str, usual: Mapping[str, int]) -> Iterator[str]:
    """Yield letters in words of several scripts, but for the most usual one of them."""
    for word in text.split():
        scripts = {letter: script_of(letter) for letter in word if letter.isalpha()}
        main = max(scripts.values(), key=lambda script: usual[script], default="")
        for letter, script in scripts.items():
            if script != main:
                yield f"letter {named(letter)} among {main} letters"


def _rare(texts: Mapping[str, str]) -> Iterator[Oddity]:
    """Yield the letters that stand in few texts, where there are many texts."""
    if len(texts) < RARE * RARE:
        return
    places: dict[str, list[str]] = {}
    for where, text in texts.items():
        for character in set(text):
            places.setdefault(character, []).append(where)
    for character, found in sorted(places.items()):
        if len(found) < RARE and not character.isspace():
            yield Oddity(f"rare character {named(character)}", len(found), found[0])


def script_of(letter: str) -> str:
    """Return the script of a letter, which begins its Unicode name; kana and kanji are one."""
    script = unicodedata.name(letter, "UNKNOWN").split()[0].removeprefix("MODIFIER")
    return "CJK" if script in ("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA") else script


def named(character: str) -> str:
    """Return a character with its Unicode name."""
    name = unicodedata.name(character, f"U+{ord(character):04X}")
    return f"{character!r} ({name})"
