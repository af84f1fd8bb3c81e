"""A session's document: an immutable value that only `apply` changes, by returning a new one."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from seqstudio.contracts.transcript import Transcript
from seqstudio.errors import SessionError
from seqstudio.host.jobs.inputs import SUFFIXES
from seqstudio.media.midi import Score
from seqstudio.media.midi_channels import split_channels
from seqstudio.media.notation_files import notation_kind
from seqstudio.services.atomic_files import os_errors_as, sha256_of_file
from seqstudio.session.note_array import Notes

ClipKind = Literal["audio", "midi", "transcript", "text", "table"]


def new_id() -> str:
    """Return a random id for a clip or a take."""
    return secrets.token_hex(8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A file of the user's, identified by its hash; it stays where it is until it is collected."""

    id: str
    kind: ClipKind
    name: str
    path: Path  # absolute
    sha256: str
    size_bytes: int
    transcript: Transcript | None = None

    @classmethod
    def of(cls, path: Path, kind: ClipKind | None = None) -> "Clip":
        """Read a file's hash and size; without `kind`, the suffix determines it.

        Takes about a second for each gigabyte.

        Raises
        ------
        SessionError
            If the file cannot be read, or its suffix belongs to no kind.
        """
        whole = path.absolute()
        with os_errors_as(SessionError, whole):
            sha256, size = sha256_of_file(whole), whole.stat().st_size
        return cls(
            id=new_id(),
            kind=kind or kind_of(whole),
            name=whole.stem,
            path=whole,
            sha256=sha256,
            size_bytes=size,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """A piece of music: the MIDI file that it began as, and its notes as edited since."""

    id: str
    name: str
    midi: bytes  # as read or generated
    tracks: tuple[Notes, ...]  # as edited, each ordered; as many as `midi` has
    parent: str = ""  # id of the take that it continues, which may be gone
    clip: str = ""  # id of the clip that it was read from, which may be gone
    accepted: bool = False
    starred: bool = False
    note: str = ""  # the user's, on the whole take
    locked: tuple[Notes, ...] = ()  # of each track, the notes that no edit changes; () for none
    provenance: Mapping[str, Any] = field(default_factory=dict)  # of its job item, for replay

    @classmethod
    def of(cls, midi: bytes, name: str, **fields: Any) -> "Take":
        """Return a take from the bytes of a MIDI file, MusicXML or ABC; `fields` as above.

        Written music becomes MIDI, and the channels of a file of type 0 become tracks.

        Raises
        ------
        DataError
            If the bytes are no such file.
        """
        score = Score.from_bytes(midi, name)
        if (split := split_channels(score)) is not score or notation_kind(midi):
            score, midi = split, split.to_bytes()
        tracks = tuple(Notes.of(track.notes) for track in score.tracks)
        return cls(id=new_id(), name=name, midi=midi, tracks=tracks, **fields)

    def locked_in(self, track: int) -> Notes:
        """Return the locked notes of a track."""
        return self.locked[track] if track < len(self.locked) else Notes.of(())

    @property
    def score(self) -> Score:
        """The score as edited; unedited tracks keep their bytes.

        Raises
        ------
        SeqStudioError
            If `midi` is not a MIDI file, or has another number of tracks.
        """
        return self.apply_to(Score.from_bytes(self.midi, self.name))

    def apply_to(self, score: Score) -> Score:
        """Return `score`, read from `midi`, with the notes as edited.

        Raises
        ------
        SeqStudioError
            If the score has another number of tracks.
        """
        if (found := len(score.tracks)) != len(self.tracks):
            raise SessionError(f"{self.name}: {len(self.tracks)} tracks, expected {found}")
        for number, notes in enumerate(self.tracks):
            if Notes.of(score.tracks[number].notes) != notes:
                score = score.with_track_notes(number, notes)
        return score


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The content of a session, in the order in which it is shown."""

    title: str = ""
    clips: tuple[Clip, ...] = ()
    takes: tuple[Take, ...] = ()

    def clip(self, id: str) -> Clip:
        """Find a clip.

        Raises
        ------
        SessionError
            If there is none with this id.
        """
        return self.clips[index_of(self.clips, id, "clip")]

    def take(self, id: str) -> Take:
        """Find a take.

        Raises
        ------
        SessionError
            If there is none with this id.
        """
        return self.takes[index_of(self.takes, id, "take")]


def index_of(items: Sequence[Clip | Take], id: str, what: str) -> int:
    """Return the index of a clip or a take.

    Raises
    ------
    SessionError
        If there is none with this id.
    """
    for number, item in enumerate(items):
        if item.id == id:
            return number
    raise SessionError(f"no {what} {id!r} in this session, expected one of its {len(items)}")


def kind_of(path: Path) -> ClipKind:
    """Return the kind of a file, by its suffix.

    Raises
    ------
    SessionError
        If a session cannot hold files with this suffix.
    """
    kinds: tuple[ClipKind, ...] = ("audio", "midi", "transcript", "text", "table")
    for kind in kinds:
        if path.suffix.lower() in SUFFIXES[kind]:
            return kind
    known = " ".join(suffix for kind in kinds for suffix in SUFFIXES[kind])
    raise SessionError(f"{path}: suffix {path.suffix!r}, expected one of: {known}")
