"""What the list at the left shows, as values."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from seqstudio.host.session.document import Clip, Document


@dataclass(frozen=True, slots=True)
class Row:
    """One line; without an id it cannot be chosen."""

    id: str
    title: str
    help: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with its lines."""

    title: str
    rows: tuple[Row, ...]


def rows(document: Document, loading: Iterable[Path]) -> tuple[Section, ...]:
    """Give the sections that have lines; a MIDI file is shown as the take of its notes."""
    taken = {take.clip for take in document.takes}
    clips = [clip for clip in document.clips if clip.id not in taken]
    sections = (
        Section("Recordings", tuple(_row(c) for c in clips if c.kind == "audio")),
        Section("Music", tuple(Row(take.id, take.name) for take in document.takes)),
        Section("Texts", tuple(_row(c) for c in clips if c.kind in ("transcript", "text"))),
        Section("Loading", tuple(Row("", path.name, str(path)) for path in loading)),
    )
    return tuple(section for section in sections if section.rows)


def _row(clip: Clip) -> Row:
    return Row(clip.id, clip.name, str(clip.path))
