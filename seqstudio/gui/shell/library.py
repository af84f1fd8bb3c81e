"""What the list at the left shows and does, as values."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from seqstudio.session.document import Clip, Document, Take
from seqstudio.session.operations import (
    Operation,
    RemoveClip,
    RemoveTake,
    RenameClip,
    RenameTake,
    Together,
)

LOADING_SHOWN = 6  # files by name; the others are counted
TEXTS = ("transcript", "text")


@dataclass(frozen=True, slots=True)
class Row:
    """One line; without an id it cannot be chosen."""

    id: str
    title: str
    note: str = ""  # what is told beside the title
    help: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with its lines."""

    title: str
    rows: tuple[Row, ...]


def sections(
    document: Document, loading: Iterable[Path] = (), lost: Collection[str] = ()
) -> tuple[Section, ...]:
    """Give the sections that have lines; a MIDI file is shown as the take of its notes.

    Parameters
    ----------
    document : of the session
    loading : files that are not in yet
    lost : ids of the clips whose files have moved or changed
    """
    taken = {take.clip for take in document.takes}
    clips = [clip for clip in document.clips if clip.id not in taken]
    listed = (
        Section("Recordings", tuple(_clip(c, lost) for c in clips if c.kind == "audio")),
        Section("Music", tuple(_take(take, lost) for take in document.takes)),
        Section("Texts", tuple(_clip(c, lost) for c in clips if c.kind in TEXTS)),
        Section("MIDI files", tuple(_clip(c, lost) for c in clips if c.kind == "midi")),
        Section("Loading", _loading(tuple(loading))),
    )
    return tuple(section for section in listed if section.rows)


def removing(document: Document, ids: Collection[str]) -> Operation | None:
    """Make the one step that takes clips and takes out of the session; their files stay.

    A MIDI file goes with the last take of its notes.
    """
    takes = [take for take in document.takes if take.id in ids]
    left = {take.clip for take in document.takes if take.id not in ids}
    clips = {take.clip for take in takes} - left | set(ids)
    steps: list[Operation] = [RemoveTake(take.id) for take in takes]
    steps += [RemoveClip(clip.id) for clip in document.clips if clip.id in clips]
    names = [name for id in ids if (name := name_of(document, id))]
    if not steps:
        return None
    return Together(
        f"Remove {names[0] if len(names) == 1 else f'{len(names)} things'}", tuple(steps)
    )


def renaming(document: Document, id: str, name: str) -> Operation | None:
    """Make the step that renames a clip or a take; None where nothing would change."""
    name = name.strip()
    if not name or name == name_of(document, id):
        return None
    if any(take.id == id for take in document.takes):
        return RenameTake(id, name)
    return RenameClip(id, name) if any(clip.id == id for clip in document.clips) else None


def name_of(document: Document, id: str) -> str:
    """Give the name of a clip or a take; "" where there is none of this id."""
    both: tuple[Clip | Take, ...] = (*document.clips, *document.takes)
    return next((one.name for one in both if one.id == id), "")


def _clip(clip: Clip, lost: Collection[str]) -> Row:
    gone = clip.id in lost
    note = "file not found" if gone else ""
    return Row(clip.id, clip.name, note, f"{clip.path}{': moved or changed' if gone else ''}")


def _take(take: Take, lost: Collection[str]) -> Row:
    said = ["file not found"] if take.clip in lost else []
    said += ["accepted"] if take.accepted and not take.clip else []
    notes = sum(map(len, take.tracks))
    return Row(take.id, take.name, ", ".join(said), f"{take.name}: {notes} notes")


def _loading(paths: tuple[Path, ...]) -> tuple[Row, ...]:
    named = tuple(Row("", path.name, "", str(path)) for path in paths[:LOADING_SHOWN])
    more = len(paths) - len(named)
    return (*named, Row("", f"and {more} more")) if more else named
