"""A session's document: an immutable value. Only `apply` makes a new one of it."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from seqstudio.contracts.transcript import Transcript
from seqstudio.errors import SessionError
from seqstudio.host.jobs.inputs import SUFFIXES
from seqstudio.media.midi import Score
from seqstudio.services.atomic_files import os_errors_as, sha256_of_file
from seqstudio.session.note_array import Notes

ClipKind = Literal["audio", "midi", "transcript", "text"]


def new_id() -> str:
    """Draw an id for a clip or a take."""
    return secrets.token_hex(8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A file of the person's, known by its hash; it stays where it is until it is collected."""

    id: str
    kind: ClipKind
    name: str
    path: Path  # absolute
    sha256: str
    size_bytes: int
    transcript: Transcript | None = None

    @classmethod
    def of(cls, path: Path, kind: ClipKind | None = None) -> "Clip":
        """Read a file's hash and size; its kind follows its suffix, unless it is given.

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
    """A piece of music as it stands now: the MIDI it began as, and the notes of its tracks."""

    id: str
    name: str
    midi: bytes  # as it was read or generated
    tracks: tuple[Notes, ...]  # as edited since, each ordered; as many as `midi` has
    parent: str = ""  # id of the take that it continues; that one may be gone
    clip: str = ""  # id of the clip that it was read from; that one may be gone
    accepted: bool = False
    provenance: Mapping[str, Any] = field(default_factory=dict)  # of its item, for replay

    @classmethod
    def of(cls, midi: bytes, name: str, **fields: Any) -> "Take":
        """Begin a take from the bytes of a MIDI file; `fields` as above.

        Raises
        ------
        DataError
            If the bytes are no MIDI file.
        """
        score = Score.from_bytes(midi, name)
        tracks = tuple(Notes.of(track.notes) for track in score.tracks)
        return cls(id=new_id(), name=name, midi=midi, tracks=tracks, **fields)

    @property
    def score(self) -> Score:
        """The score as edited; tracks without an edit are byte for byte as they came.

        Raises
        ------
        SeqStudioError
            If `midi` is no MIDI file, or has other tracks.
        """
        return self.over(Score.from_bytes(self.midi, self.name))

    def over(self, score: Score) -> Score:
        """Put the notes as edited into the score of `midi`, where that has been read already.

        Raises
        ------
        SeqStudioError
            If that score has other tracks.
        """
        if (found := len(score.tracks)) != len(self.tracks):
            raise SessionError(f"{self.name}: {len(self.tracks)} tracks, expected {found}")
        for number, notes in enumerate(self.tracks):
            if Notes.of(score.tracks[number].notes) != notes:
                score = score.with_track_notes(number, notes)
        return score


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """All that a session holds, in the order in which a person sees it."""

    title: str = ""
    clips: tuple[Clip, ...] = ()
    takes: tuple[Take, ...] = ()

    def clip(self, id: str) -> Clip:
        """Find a clip.

        Raises
        ------
        SessionError
            If there is none of this id.
        """
        return self.clips[position(self.clips, id, "clip")]

    def take(self, id: str) -> Take:
        """Find a take.

        Raises
        ------
        SessionError
            If there is none of this id.
        """
        return self.takes[position(self.takes, id, "take")]


def position(items: Sequence[Clip | Take], id: str, what: str) -> int:
    """Find the place of a clip or a take.

    Raises
    ------
    SessionError
        If there is none of this id.
    """
    for number, item in enumerate(items):
        if item.id == id:
            return number
    raise SessionError(f"no {what} {id!r} in this session, expected one of its {len(items)}")


def kind_of(path: Path) -> ClipKind:
    """Say what a file holds, by its suffix.

    Raises
    ------
    SessionError
        If the suffix belongs to nothing that a session holds.
    """
    kinds: tuple[ClipKind, ...] = ("audio", "midi", "transcript", "text")
    for kind in kinds:
        if path.suffix.lower() in SUFFIXES[kind]:
            return kind
    known = " ".join(suffix for kind in kinds for suffix in SUFFIXES[kind])
    raise SessionError(f"{path}: suffix {path.suffix!r}, expected one of: {known}")
