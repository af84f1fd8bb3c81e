"""From files that a person opens or drops to the operations that bring them into a session."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from seqstudio.errors import SessionError
from seqstudio.host.inputs import SUFFIXES
from seqstudio.host.session.document import Clip, Take, kind_of
from seqstudio.host.session.operations import AddClip, AddTake, Operation, Together
from seqstudio.host.session.session import SUFFIX
from seqstudio.media.subtitles import read_transcript

BROUGHT = ("audio", "midi", "transcript", "text")


def files_in(paths: Iterable[Path]) -> list[Path]:
    """List files as named, and those below folders that a session can hold, in order."""
    known = {suffix for kind in BROUGHT for suffix in SUFFIXES[kind]}
    found: dict[Path, None] = {}
    for path in paths:
        if not path.is_dir():
            found[path] = None
            continue
        below = sorted(p for p in path.rglob("*") if p.suffix.lower() in known and p.is_file())
        found.update(dict.fromkeys(below))
    return list(found)


def is_session(path: Path) -> bool:
    """Whether a file is a session rather than something to bring into one."""
    return path.suffix == SUFFIX


def bring(path: Path) -> Operation:
    """Read one file; slow for large ones, so call it on a thread.

    A MIDI file becomes a clip and an accepted take of its notes; a transcript keeps its words.

    Raises
    ------
    SeqStudioError
        If the file cannot be read, or is of no known kind.
    """
    if not path.is_file():
        raise SessionError(f"{path}: no such file, expected audio, MIDI, a transcript or a session")
    kind = kind_of(path)
    clip = Clip.of(path, kind)
    if kind == "midi":
        take = Take.of(path.read_bytes(), path.stem, clip=clip.id, accepted=True)
        return Together(f"Open {path.name}", (AddClip(clip), AddTake(take)))
    if kind == "transcript":
        clip = replace(clip, transcript=read_transcript(path))
    return AddClip(clip)
