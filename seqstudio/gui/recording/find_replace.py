"""Finding and replacing words of a transcript; a phrase may span several words."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from seqstudio.contracts.transcript import Segment, Word


@dataclass(frozen=True, slots=True)
class Replacement:
    """The segments from the first that changes to the last, as they become."""

    first: int
    segments: tuple[Segment, ...]
    count: int  # of places


def pattern_of(text: str) -> re.Pattern[str] | None:
    """Return what finds whole words, whatever their case; None for a blank text."""
    words = [re.escape(word) for word in text.split()]
    if not words:
        return None
    return re.compile(r"(?<!\w)" + r"\W+".join(words) + r"(?!\w)", re.IGNORECASE)


def find_words(segments: Sequence[Segment], text: str) -> Iterator[tuple[int, int]]:
    """Yield the segment and the word at which each place begins, in order."""
    pattern = pattern_of(text)
    if pattern is None:
        return
    for number, segment in enumerate(segments):
        for at, _ in _places(segment.words, pattern, len(text.split())):
            yield number, at


def replace_all(segments: Sequence[Segment], text: str, by: str) -> Replacement | None:
    """Return the change that replaces a text everywhere; None where it does not occur.

    A phrase that becomes another number of words shares its time among them.

    Parameters
    ----------
    segments : as they are stored
    text : one or more words
    by : their replacement; "" removes them
    """
    pattern = pattern_of(text)
    if pattern is None:
        return None
    changed: dict[int, Segment] = {}
    count = 0
    for number, segment in enumerate(segments):
        written, found = pattern.subn(lambda _match: by, segment.text)
        if found:
            words = _replaced(segment.words, pattern, len(text.split()), by)
            whole = " ".join(written.split())
            changed[number] = replace(segment, text=whole, words=words, origin="human")
            count += found
    if not changed:
        return None
    first, last = min(changed), max(changed)
    kept = tuple(changed.get(at, segments[at]) for at in range(first, last + 1))
    return Replacement(first, kept, count)


def _places(
    words: Sequence[Word], pattern: re.Pattern[str], length: int
) -> Iterator[tuple[int, int]]:
    """Yield the words at which each place starts and stops."""
    at = 0
    while at < len(words):
        phrase = " ".join(word.word for word in words[at : at + length])
        if len(words) - at >= length and pattern.search(phrase):
            yield at, at + length
            at += length
        else:
            at += 1


def _replaced(
    words: Sequence[Word], pattern: re.Pattern[str], length: int, by: str
) -> tuple[Word, ...]:
    made: list[Word] = []
    done = 0
    for start, stop in _places(words, pattern, length):
        made += words[done:start]
        phrase = " ".join(word.word for word in words[start:stop])
        made += _timed(pattern.sub(lambda _match: by, phrase).split(), words[start:stop])
        done = stop
    return (*made, *words[done:])


def _timed(texts: Sequence[str], over: Sequence[Word]) -> list[Word]:
    """Return words that share the time of others; as many keep each their own."""
    if len(texts) == len(over):
        return [
            replace(word, word=text, confidence=None)
            for word, text in zip(over, texts, strict=True)
        ]
    start, step = over[0].start_s, (over[-1].end_s - over[0].start_s) / max(len(texts), 1)
    return [
        Word(word=text, start_s=start + at * step, end_s=start + (at + 1) * step)
        for at, text in enumerate(texts)
    ]
