"""Groups of labelled facts about a plugin, a model or a take."""

from collections.abc import Iterable
from dataclasses import dataclass

from seqstudio.host.text_format import one_line


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of text with a label, which may be empty."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class FactGroup:
    """Facts under one heading."""

    title: str
    facts: tuple[Fact, ...]


def fact_group(title: str, pairs: Iterable[tuple[str, object]]) -> FactGroup:
    """Return a group of labels and texts without those whose text is empty.

    Each text is made one line, as those of plugins and models could pass for further facts.
    """
    facts = (Fact(label, one_line(str(text))) for label, text in pairs if str(text))
    return FactGroup(title, tuple(facts))


def line_group(title: str, lines: Iterable[str], placeholder: str = "") -> FactGroup:
    """Return a group of lines without labels, or of the placeholder if there are none."""
    facts = tuple(Fact("", one_line(line)) for line in lines)
    return FactGroup(title, facts or ((Fact("", placeholder),) if placeholder else ()))


def facts_text(groups: Iterable[FactGroup]) -> str:
    """Return groups as plain text for the clipboard."""
    blocks = []
    for group in groups:
        lines = [f"{fact.label}: {fact.text}" if fact.label else fact.text for fact in group.facts]
        blocks.append("\n".join([group.title, *(f"  {line}" for line in lines)]))
    return "\n\n".join(blocks) + "\n"
