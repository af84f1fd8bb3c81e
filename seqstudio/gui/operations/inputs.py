"""What a job runs on: clips, takes and files, and how each becomes a file that a worker reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from seqstudio.gui.workspace.take_files import midi_file
from seqstudio.host.profile import Profile
from seqstudio.session.document import Clip, Document, Take

CALLED: Mapping[str, str] = {
    "audio": "recording",
    "midi": "piece of music",
    "text": "text",
    "transcript": "transcript",
    "table": "table",
    "model": "model",
}


@dataclass(frozen=True, slots=True)
class Source:
    """One thing to run on: a clip or a take of the session, or a file ("" as id)."""

    name: str
    id: str
    held: Clip | Take | Path

    @classmethod
    def of_file(cls, name: str) -> "Source":
        """Name a file that is not in the session."""
        return cls(Path(name).name, "", Path(name))


@dataclass(frozen=True, slots=True)
class Gathered:
    """The files of a job, and for each of the main input's whose clip or take it is."""

    inputs: Mapping[str, tuple[Path, ...]]
    owners: tuple[str, ...]


def sources_of(document: Document, kind: str) -> tuple[Source, ...]:
    """Give what a session has of a kind; its music is its takes."""
    if kind == "midi":
        return tuple(Source(take.name, take.id, take) for take in document.takes)
    return tuple(Source(clip.name, clip.id, clip) for clip in document.clips if clip.kind == kind)


def gather(
    main: str, sources: Sequence[Source], further: Mapping[str, Source], profile: Profile
) -> Gathered:
    """Name the files of every input; takes are written out as edited. Call it on a thread.

    Parameters
    ----------
    main : the input that `sources` are for; "" for none
    sources : several where a job runs on several files
    further : the other inputs
    profile : where takes are written

    Raises
    ------
    SeqStudioError
        If a take's MIDI cannot be read, or written out.
    """
    owners: dict[Path, str] = {}
    for source in sources:
        owners.setdefault(_file(source, profile), source.id)
    besides = {name: (_file(source, profile),) for name, source in further.items()}
    inputs: dict[str, tuple[Path, ...]] = {**besides}
    if main and owners:
        inputs[main] = tuple(owners)
    return Gathered(inputs, tuple(owners.values()))


def _file(source: Source, profile: Profile) -> Path:
    match source.held:
        case Clip(path=path):
            return path
        case Take() as take:
            return midi_file(take, profile)
        case path:
            return path.absolute()
