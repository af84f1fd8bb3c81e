"""The content of the library and its operations, as values."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from seqstudio.gui.workspace.results import is_partial
from seqstudio.session.document import Clip, Document, Take
from seqstudio.session.edits import (
    CompoundEdit,
    Edit,
    RemoveClip,
    RemoveTake,
    RenameClip,
    RenameTake,
)

LOADING_SHOWN = 6  # files by name; the others are counted
TEXTS = ("transcript", "text")
TRANSCRIBED, CHECKED = "✓", "✓✓"
Order = Literal["added", "name", "state"]


@dataclass(frozen=True, slots=True)
class Row:
    """One row; it can be selected if it has an id."""

    id: str
    title: str
    detail: str = ""  # shown beside the title
    help: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with its rows."""

    title: str
    rows: tuple[Row, ...]


def arranged(
    listed: tuple[Section, ...], *, search: str = "", order: Order = "added"
) -> tuple[Section, ...]:
    """Return the sections with the rows that contain a text, sorted.

    Parameters
    ----------
    listed : as `sections` returns them
    search : "" keeps all rows
    order : "added", "name", or "state": those with nothing done first
    """
    keys: Mapping[Order, Callable[[Row], tuple[object, ...]]] = {
        "added": lambda _row: (),
        "name": lambda row: (row.title.casefold(),),
        "state": lambda row: (bool(row.detail), row.detail, row.title.casefold()),
    }
    wanted = search.casefold().strip()
    kept = (
        Section(one.title, tuple(r for r in one.rows if wanted in r.title.casefold()))
        for one in listed
    )
    return tuple(
        Section(one.title, tuple(sorted(one.rows, key=keys[order]))) for one in kept if one.rows
    )


def sections(
    document: Document, loading: Iterable[Path] = (), missing: Collection[str] = ()
) -> tuple[Section, ...]:
    """Return the sections that have rows; a MIDI file is listed as the take of its notes.

    Parameters
    ----------
    document : of the session
    loading : files that are not imported yet
    missing : ids of the clips whose files have moved or changed
    """
    with_takes = {take.clip for take in document.takes}
    clips = [clip for clip in document.clips if clip.id not in with_takes]
    listed = (
        Section("Recordings", tuple(_clip(c, missing) for c in clips if c.kind == "audio")),
        Section("Music", tuple(_take(take, missing) for take in document.takes)),
        Section("Texts", tuple(_clip(c, missing) for c in clips if c.kind in TEXTS)),
        Section("Tables", tuple(_clip(c, missing) for c in clips if c.kind == "table")),
        Section("MIDI files", tuple(_clip(c, missing) for c in clips if c.kind == "midi")),
        Section("Loading", _loading(tuple(loading))),
    )
    return tuple(section for section in listed if section.rows)


def remove_edit(document: Document, ids: Collection[str]) -> Edit | None:
    """Return one edit that removes clips and takes, or None if there are none; files stay.

    A MIDI file is removed with the last take of its notes.
    """
    takes = [take for take in document.takes if take.id in ids]
    kept = {take.clip for take in document.takes if take.id not in ids}
    clips = {take.clip for take in takes} - kept | set(ids)
    edits: list[Edit] = [RemoveTake(take.id) for take in takes]
    edits += [RemoveClip(clip.id) for clip in document.clips if clip.id in clips]
    names = [name for id in ids if (name := name_of(document, id))]
    if not edits:
        return None
    return CompoundEdit(
        f"Remove {names[0] if len(names) == 1 else f'{len(names)} items'}", tuple(edits)
    )


def rename_edit(document: Document, id: str, name: str) -> Edit | None:
    """Return the edit that renames a clip or a take; None where nothing would change."""
    name = name.strip()
    if not name or name == name_of(document, id):
        return None
    if any(take.id == id for take in document.takes):
        return RenameTake(id, name)
    return RenameClip(id, name) if any(clip.id == id for clip in document.clips) else None


def name_of(document: Document, id: str) -> str:
    """Return the name of a clip or a take; "" where none has this id."""
    both: tuple[Clip | Take, ...] = (*document.clips, *document.takes)
    return next((one.name for one in both if one.id == id), "")


def _clip(clip: Clip, missing: Collection[str]) -> Row:
    gone = clip.id in missing
    state = "file not found" if gone else _words_state(clip)
    told = {TRANSCRIBED: ": transcribed", CHECKED: ": transcribed, corrected by hand"}
    after = ": moved or changed" if gone else told.get(state, "")
    return Row(clip.id, clip.name, state, f"{clip.path}{after}")


def _words_state(clip: Clip) -> str:
    """Return a tick for a recording with words, two if a person has corrected them."""
    if clip.kind != "audio" or clip.transcript is None:
        return ""
    if is_partial(clip.transcript):
        return "so far"
    by_hand = any(segment.origin == "human" for segment in clip.transcript.segments)
    return CHECKED if by_hand or clip.transcript.origin == "human" else TRANSCRIBED


def _take(take: Take, missing: Collection[str]) -> Row:
    details = ["file not found"] if take.clip in missing else []
    details += ["★"] if take.starred else []
    details += ["accepted"] if take.accepted and not take.clip else []
    notes = sum(map(len, take.tracks))
    return Row(take.id, take.name, ", ".join(details), f"{take.name}: {notes} notes")


def _loading(paths: tuple[Path, ...]) -> tuple[Row, ...]:
    named = tuple(Row("", path.name, "", str(path)) for path in paths[:LOADING_SHOWN])
    more = len(paths) - len(named)
    return (*named, Row("", f"and {more} more")) if more else named
