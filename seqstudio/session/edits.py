"""The edits of a document: frozen values, one for each action that the user can undo."""

from dataclasses import dataclass, field
from pathlib import Path

from seqstudio.contracts.transcript import Segment, Transcript
from seqstudio.session.document import Clip, Take
from seqstudio.session.note_array import Notes


@dataclass(frozen=True, slots=True)
class RenameSession:
    """Set the session's title."""

    title: str


@dataclass(frozen=True, slots=True)
class AddClip:
    """Insert a clip at an index, or append it."""

    clip: Clip
    at: int | None = None


@dataclass(frozen=True, slots=True)
class RemoveClip:
    """Remove a clip, with its transcript."""

    clip: str


@dataclass(frozen=True, slots=True)
class RenameClip:
    """Rename a clip."""

    clip: str
    name: str


@dataclass(frozen=True, slots=True)
class RelinkClip:
    """Change the path of a clip's file; the caller has checked the hash."""

    clip: str
    path: Path


@dataclass(frozen=True, slots=True)
class SetTranscript:
    """Replace or remove a clip's transcript."""

    clip: str
    transcript: Transcript | None


@dataclass(frozen=True, slots=True)
class EditWord:
    """Replace the text of a word: no text removes it, several words share its time."""

    clip: str
    segment: int
    word: int
    text: str


@dataclass(frozen=True, slots=True)
class SplitSegment:
    """Start a new segment at a word that is not the first."""

    clip: str
    segment: int
    word: int


@dataclass(frozen=True, slots=True)
class MergeSegments:
    """Merge a segment with the next one."""

    clip: str
    segment: int


@dataclass(frozen=True, slots=True)
class SetSegments:
    """Replace `count` segments from `first` on."""

    clip: str
    first: int
    count: int
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class AddTake:
    """Insert a take at an index, or append it."""

    take: Take
    at: int | None = None


@dataclass(frozen=True, slots=True)
class RemoveTake:
    """Remove a take."""

    take: str


@dataclass(frozen=True, slots=True)
class RenameTake:
    """Rename a take."""

    take: str
    name: str


@dataclass(frozen=True, slots=True)
class AcceptTake:
    """Mark a take as accepted, or not."""

    take: str
    accepted: bool = True


@dataclass(frozen=True, slots=True)
class StarTake:
    """Give a take a star, or take it away."""

    take: str
    starred: bool = True


@dataclass(frozen=True, slots=True)
class AnnotateTake:
    """Set the user's note on a take; "" removes it."""

    take: str
    note: str


@dataclass(frozen=True, slots=True)
class SetScore:
    """Replace all of a take's music: tempos, meters, instruments and notes."""

    take: str
    midi: bytes
    tracks: tuple[Notes, ...]  # as many as `midi` has


@dataclass(frozen=True, slots=True)
class LockNotes:
    """Lock these notes of a track, and no others: no edit changes them until they are unlocked."""

    take: str
    track: int
    notes: Notes


@dataclass(frozen=True, slots=True)
class AddNotes:
    """Add notes to a track."""

    take: str
    track: int
    notes: Notes


@dataclass(frozen=True, slots=True)
class DeleteNotes:
    """Remove notes from a track."""

    take: str
    track: int
    notes: Notes


@dataclass(frozen=True, slots=True)
class MoveNotes:
    """Move notes in time and pitch."""

    take: str
    track: int
    notes: Notes
    ticks: int = 0
    semitones: int = 0


@dataclass(frozen=True, slots=True)
class SetVelocity:
    """Set the velocity of notes."""

    take: str
    track: int
    notes: Notes
    velocity: int


@dataclass(frozen=True, slots=True)
class ReplaceNotes:
    """Replace notes by others, for instance with other lengths or quantised onsets."""

    take: str
    track: int
    notes: Notes
    by: Notes


@dataclass(frozen=True, slots=True)
class CompoundEdit:
    """Several edits that are applied and undone as one."""

    title: str
    edits: "tuple[Edit, ...]" = field(default=())


Edit = (
    RenameSession
    | AddClip
    | RemoveClip
    | RenameClip
    | RelinkClip
    | SetTranscript
    | EditWord
    | SplitSegment
    | MergeSegments
    | SetSegments
    | AddTake
    | RemoveTake
    | RenameTake
    | AcceptTake
    | StarTake
    | AnnotateTake
    | SetScore
    | LockNotes
    | AddNotes
    | DeleteNotes
    | MoveNotes
    | SetVelocity
    | ReplaceNotes
    | CompoundEdit
)

TITLES: dict[type, str] = {
    RenameSession: "Rename the session",
    AddClip: "Add a clip",
    RemoveClip: "Remove a clip",
    RenameClip: "Rename a clip",
    RelinkClip: "Find a clip's file",
    SetTranscript: "Set a transcript",
    EditWord: "Edit a word",
    SplitSegment: "Split a segment",
    MergeSegments: "Merge segments",
    SetSegments: "Change segments",
    AddTake: "Add a take",
    RemoveTake: "Remove a take",
    RenameTake: "Rename a take",
    AcceptTake: "Accept a take",
    StarTake: "Star a take",
    AnnotateTake: "Note on a take",
    SetScore: "Change the score",
    LockNotes: "Lock notes",
    AddNotes: "Add notes",
    DeleteNotes: "Delete notes",
    MoveNotes: "Move notes",
    SetVelocity: "Set velocity",
    ReplaceNotes: "Change notes",
}


def title_of(edit: Edit) -> str:
    """Return the title of an edit, as menus show it after Undo and Redo."""
    return edit.title if isinstance(edit, CompoundEdit) else TITLES[type(edit)]
