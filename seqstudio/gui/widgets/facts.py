"""Facts about a plugin or a model, in groups: what the sheet, the pages and a report all show."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """One labelled line; the label may be empty where the text says it all."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Group:
    """Facts under one heading."""

    title: str
    facts: tuple[Fact, ...]


def group(title: str, pairs: Iterable[tuple[str, object]]) -> Group:
    """Make a group; what has no text is left out."""
    return Group(title, tuple(Fact(label, str(text)) for label, text in pairs if str(text)))


def listed(title: str, lines: Iterable[str], nothing: str = "") -> Group:
    """Make a group of lines without labels, or of the one that says there is nothing."""
    found = tuple(Fact("", line) for line in lines)
    return Group(title, found or ((Fact("", nothing),) if nothing else ()))


def text_of(groups: Iterable[Group]) -> str:
    """Write groups as plain text, to be copied."""
    blocks = []
    for one in groups:
        lines = [f"{fact.label}: {fact.text}" if fact.label else fact.text for fact in one.facts]
        blocks.append("\n".join([one.title, *(f"  {line}" for line in lines)]))
    return "\n\n".join(blocks) + "\n"
