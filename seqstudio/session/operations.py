"""What can be done to a document: frozen values, one for each thing a person can undo."""

from dataclasses import dataclass, field
from pathlib import Path

from seqstudio.contracts.transcript import Segment, Transcript
from seqstudio.session.document import Clip, Take
from seqstudio.session.note_array import Notes


@dataclass(frozen=True, slots=True)
class RenameSession:
    """Give the session a title."""

    title: str


@dataclass(frozen=True, slots=True)
class AddClip:
    """Bring a clip in, at a place in the list; without one, at its end."""

    clip: Clip
    at: int | None = None


@dataclass(frozen=True, slots=True)
class RemoveClip:
    """Take a clip out, with its transcript."""

    clip: str


@dataclass(frozen=True, slots=True)
class RenameClip:
    """Give a clip another name."""

    clip: str
    name: str


@dataclass(frozen=True, slots=True)
class RelinkClip:
    """Point a clip to where its file is now; the caller has checked the hash."""

    clip: str
    path: Path


@dataclass(frozen=True, slots=True)
class SetTranscript:
    """Put a transcript in the place of a clip's, or none."""

    clip: str
    transcript: Transcript | None


@dataclass(frozen=True, slots=True)
class EditWord:
    """Write other text in the place of one word; none removes it, several share its time."""

    clip: str
    segment: int
    word: int
    text: str


@dataclass(frozen=True, slots=True)
class SplitSegment:
    """Begin a new segment at a word, which is not the first."""

    clip: str
    segment: int
    word: int


@dataclass(frozen=True, slots=True)
class MergeSegments:
    """Join a segment with the one after it."""

    clip: str
    segment: int


@dataclass(frozen=True, slots=True)
class SetSegments:
    """Put segments in the place of `count` ones, from `first` on."""

    clip: str
    first: int
    count: int
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class AddTake:
    """Bring a take in, at a place in the list; without one, at its end."""

    take: Take
    at: int | None = None


@dataclass(frozen=True, slots=True)
class RemoveTake:
    """Take a take out."""

    take: str


@dataclass(frozen=True, slots=True)
class RenameTake:
    """Give a take another name."""

    take: str
    name: str


@dataclass(frozen=True, slots=True)
class AcceptTake:
    """Keep a take as part of the work, or no longer."""

    take: str
    accepted: bool = True


@dataclass(frozen=True, slots=True)
class AddNotes:
    """Draw or paste notes into a track."""

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
    """Give notes one velocity."""

    take: str
    track: int
    notes: Notes
    velocity: int


@dataclass(frozen=True, slots=True)
class ReplaceNotes:
    """Put notes in the place of others: lengths, a quantised grid."""

    take: str
    track: int
    notes: Notes
    by: Notes


@dataclass(frozen=True, slots=True)
class Together:
    """Several operations that are done, and undone, as one."""

    title: str
    operations: "tuple[Operation, ...]" = field(default=())


Operation = (
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
    | AddNotes
    | DeleteNotes
    | MoveNotes
    | SetVelocity
    | ReplaceNotes
    | Together
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
    AddNotes: "Add notes",
    DeleteNotes: "Delete notes",
    MoveNotes: "Move notes",
    SetVelocity: "Set velocity",
    ReplaceNotes: "Change notes",
}


def title_of(operation: Operation) -> str:
    """Say what an operation does, as a menu shows it behind Undo and Redo."""
    return operation.title if isinstance(operation, Together) else TITLES[type(operation)]
