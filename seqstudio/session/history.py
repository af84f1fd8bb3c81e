"""The undo history: what each step touches, and which step Undo and Redo mean where the user is.

Undo goes by document: it undoes no edit of a clip or a take that is out of sight. Each of the
user's actions is one entry, though it may be several steps in the journal.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Literal

from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.errors import SessionError
from seqstudio.session.edits import (
    AddClip,
    AddTake,
    CompoundEdit,
    Edit,
    RemoveClip,
    RemoveTake,
)

Kind = Literal["edit", "result", "undo", "redo"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What the history knows of a step without unpacking its edit."""

    kind: Kind = "edit"  # "result": of a job
    content: tuple[str, ...] = ()  # ids of the clips and takes whose content it changes
    listed: tuple[str, ...] = ()  # ids of those that it adds or removes
    batch: str = ""  # steps of one batch, such as the files of one drop, are one entry
    of: int = 0  # of an undo or a redo: the entry


@dataclass(slots=True)
class Entry:
    """One action of the user's, or the result of one job."""

    number: int  # of its first step
    title: str
    label: Label
    members: list[int]  # its steps
    content: set[str] = field(default_factory=set)
    listed: set[str] = field(default_factory=set)
    undone: int = 0  # the step that undid it; 0: it is applied
    redone: int = 0  # the step that redid it; 0: none

    @property
    def reversed_by(self) -> list[int]:
        """The steps whose inverses, from the last to the first, undo it."""
        return [self.redone] if self.redone else self.members

    def is_visible(self, shown: str) -> bool:
        """Whether the user sees what it changes, while a clip or a take is shown, "" for none."""
        if self.content:
            return shown in self.content
        return self.label.kind == "edit" or not shown or shown in self.listed


class History:
    """The entries of a session, in the order in which they were last applied."""

    def __init__(self) -> None:
        self._entries: dict[int, Entry] = {}  # by number
        self._batches: dict[str, Entry] = {}

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def add(self, step: int, title: str, label: Label) -> None:
        """Add the step that was applied last."""
        if label.kind in ("undo", "redo"):
            self._reverse(step, label)
            return
        entry = self._batches.get(label.batch) if label.batch else None
        if entry is None or entry.undone:
            entry = Entry(step, title, label, [])
            if label.batch:
                self._batches[label.batch] = entry
        self._entries.pop(entry.number, None)
        self._entries[entry.number] = entry  # the latest comes last
        entry.title = title
        entry.members.append(step)
        entry.content |= set(label.content)
        entry.listed |= set(label.listed)

    def undoable(self, shown: str) -> Entry | None:
        """Return the entry that Undo means; one that a later edit is built on is left out."""
        later: set[str] = set()
        for entry in reversed(self._entries.values()):
            if entry.undone:
                continue
            if entry.is_visible(shown) and not entry.content & later:
                return entry
            later |= entry.content
        return None

    def redoable(self, shown: str) -> Entry | None:
        """Return the entry that Redo means: the one undone last, unless it was edited since."""
        undone = [entry for entry in self if entry.undone and entry.is_visible(shown)]
        for entry in sorted(undone, key=lambda one: -one.undone):
            if not any(_replaces(other, entry) for other in self):
                return entry
        return None

    def _reverse(self, step: int, label: Label) -> None:
        entry = self._entries.get(label.of)
        if entry is None:  # its label is damaged, and it can no longer be undone
            return
        if label.kind == "undo":
            entry.undone = step
        else:
            entry.undone, entry.redone = 0, step
            self._entries[entry.number] = self._entries.pop(entry.number)


def _replaces(other: Entry, undone: Entry) -> bool:
    """Whether an edit was made after an undo, in the same place: it takes the place of a redo."""
    if other.undone or other.members[-1] < undone.undone:
        return False
    both_listed = not other.content and not undone.content
    return both_listed or bool(other.content & undone.content)


def label_of(edit: Edit, *, kind: Kind = "edit", batch: str = "") -> Label:
    """Return the label of an edit."""
    content, listed = _touched(edit)
    content -= listed
    return Label(
        kind=kind,
        content=tuple(sorted(content)),
        listed=tuple(sorted(listed)),
        batch="" if content else batch,
    )


def label_text(label: Label) -> str:
    """Write a label as JSON, without the fields that have their default."""
    plain = to_plain(label)
    default = to_plain(Label())
    return json.dumps({name: plain[name] for name in plain if plain[name] != default[name]})


def label_from(text: str) -> Label | None:
    """Read a label; None where it is not as `label_text` writes it."""
    try:
        plain = json.loads(text)
        return from_plain(Label, plain, "label", error=SessionError)
    except (ValueError, TypeError, SessionError):
        return None


def _touched(edit: Edit) -> tuple[set[str], set[str]]:
    """Return the ids whose content an edit changes, and those that it adds or removes."""
    match edit:
        case AddClip(clip=clip):
            return set(), {clip.id}
        case AddTake(take=take):
            return set(), {take.id}
        case RemoveClip(clip=id) | RemoveTake(take=id):
            return set(), {id}
        case CompoundEdit(edits=parts):
            both = [_touched(part) for part in parts]
            return set().union(*(c for c, _ in both)), set().union(*(a for _, a in both))
    names = {one.name for one in fields(edit)} & {"clip", "take"}
    return {getattr(edit, name) for name in names}, set()
