"""From what a job's item wrote to the operation that enters it into the session."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from seqstudio.errors import SessionError
from seqstudio.host.session.document import Document, Take
from seqstudio.host.session.operations import AddTake, Operation, SetTranscript
from seqstudio.media.subtitles import read_transcript


def entering(
    document: Document,
    target: str,
    name: str,
    outputs: Sequence[Path],
    record: Mapping[str, Any],
) -> Operation | None:
    """Make the operation for one finished item, or None where the session has no place for it.

    Parameters
    ----------
    document : as it is now: what the item was for may have gone since
    target : id of the clip or take that the item was for, "" for none
    name : what a new take is called
    outputs : the files it wrote
    record : what it takes to make it again

    Raises
    ------
    SeqStudioError
        If a file cannot be read.
    """
    by_suffix = {path.suffix.lower(): path for path in outputs}
    if midi := by_suffix.get(".mid"):
        return AddTake(Take.of(_bytes(midi), name, parent=target, record=record))
    known = {clip.id for clip in document.clips}
    if (json := by_suffix.get(".json")) and target in known:
        return SetTranscript(target, read_transcript(json))
    return None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as bad:
        raise SessionError(f"{path}: {bad.strerror}, expected what the job wrote") from bad
