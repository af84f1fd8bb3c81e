"""The inputs of a job: clips, takes and files, and the file that the worker reads for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from seqstudio.gui.operations.bar_selection import BarSelection, before
from seqstudio.gui.workspace.take_files import midi_file
from seqstudio.host.profile import Profile
from seqstudio.session.document import Clip, Document, Take

KIND_NAMES: Mapping[str, str] = {
    "audio": "recording",
    "midi": "piece of music",
    "text": "text",
    "transcript": "transcript",
    "table": "table",
    "model": "model",
    "data": "file or folder",
}


@dataclass(frozen=True, slots=True)
class InputSource:
    """One thing to run on: a clip or a take of the session, or a file ("" as id)."""

    name: str
    id: str
    content: Clip | Take | Path

    @classmethod
    def of_file(cls, name: str) -> "InputSource":
        """Return the source for a file that is not in the session."""
        return cls(Path(name).name, "", Path(name))


@dataclass(frozen=True, slots=True)
class JobInputs:
    """The files of a job, and for each file of the main input the id of its clip or take."""

    files: Mapping[str, tuple[Path, ...]]
    owners: tuple[str, ...]


def sources_of(document: Document, kind: str) -> tuple[InputSource, ...]:
    """Return the session's sources of a kind; for music these are its takes."""
    if kind == "midi":
        return tuple(InputSource(take.name, take.id, take) for take in document.takes)
    clips = (clip for clip in document.clips if clip.kind == kind)
    return tuple(InputSource(clip.name, clip.id, clip) for clip in clips)


def job_inputs(
    main: str,
    sources: Sequence[InputSource],
    others: Mapping[str, InputSource],
    profile: Profile,
    *,
    until: BarSelection | None = None,
) -> JobInputs:
    """Return the files of every input; write takes out as edited. Call it on a thread.

    Parameters
    ----------
    main : the input that `sources` are for; "" for none
    sources : several where a job runs on several files
    others : the other inputs
    profile : where takes are written
    until : takes of the main input end before these bars

    Raises
    ------
    SeqStudioError
        If a take's MIDI cannot be read, or written out.
    """
    owners: dict[Path, str] = {}
    for source in sources:
        if until and isinstance(take := source.content, Take):
            source = replace(source, content=before(take, until))
        owners.setdefault(_file(source, profile), source.id)
    files: dict[str, tuple[Path, ...]] = {
        name: (_file(source, profile),) for name, source in others.items()
    }
    if main and owners:
        files[main] = tuple(owners)
    return JobInputs(files, tuple(owners.values()))


def _file(source: InputSource, profile: Profile) -> Path:
    match source.content:
        case Clip(path=path):
            return path
        case Take() as take:
            return midi_file(take, profile)
        case path:
            return path.absolute()
