"""Spans of words with a kind, as tags `B-kind`, `I-kind` and `O` (Ramshaw and Marcus 1995)."""

from collections.abc import Sequence
from dataclasses import dataclass

OUTSIDE = "O"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The words `first` to before `last`, and what they name."""

    first: int
    last: int
    kind: str


def spans_of(tags: Sequence[str]) -> set[Span]:
    """Return the spans that tags describe; an I- that continues nothing begins a span.

    >>> sorted(spans_of(["B-person", "I-person", "O", "I-group"]))
    [Span(first=0, last=2, kind='person'), Span(first=3, last=4, kind='group')]
    """
    found, start, kind = set(), 0, ""
    for at, tag in enumerate([*tags, OUTSIDE]):
        mark, _, named = tag.partition("-")
        if kind and (mark != "I" or named != kind):
            found.add(Span(start, at, kind))
            kind = ""
        if mark in ("B", "I") and not kind:
            start, kind = at, named
    return found


def tags_to_numbers(tags: Sequence[str], kinds: Sequence[str]) -> list[int]:
    """Return the numbers of tags: 0 for O, 1 + 2k for B, 2 + 2k for I of kind k; unknown ones 0."""
    numbers = [0] * len(tags)
    for span in spans_of(tags):
        if span.kind in kinds:
            first = 1 + 2 * kinds.index(span.kind)
            numbers[span.first : span.last] = [first] + [first + 1] * (span.last - span.first - 1)
    return numbers


def numbers_to_tags(numbers: Sequence[int], kinds: Sequence[str]) -> list[str]:
    """Return the tags of numbers.

    >>> numbers_to_tags(tags_to_numbers(["O", "B-a", "I-a"], ["a"]), ["a"])
    ['O', 'B-a', 'I-a']
    """
    return [f"{'BI'[(n - 1) % 2]}-{kinds[(n - 1) // 2]}" if n else OUTSIDE for n in numbers]
