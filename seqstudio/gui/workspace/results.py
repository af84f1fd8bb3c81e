"""From what a job's item wrote to the operation that enters it into the session."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from seqstudio.contracts.manifest import Port
from seqstudio.contracts.transcript import Transcript
from seqstudio.errors import SessionError
from seqstudio.host.jobs.database import ItemRow
from seqstudio.media.subtitles import read_transcript
from seqstudio.session.document import Clip, Document, Take
from seqstudio.session.operations import AddTake, Operation, SetTranscript, Together

READ: Mapping[str, str] = {"transcript": "json", "midi": "mid"}  # kind -> format the session reads
MAKER = ("plugin", "plugin_version", "models")  # what a transcript keeps of its record


@dataclass(frozen=True, slots=True)
class Found:
    """What one item made, of the kinds that a session has a place for."""

    takes: tuple[Take, ...] = ()  # without a name
    transcript: Transcript | None = None


def read_results(item: ItemRow, ports: Sequence[Port]) -> Found:
    """Read an item's files back. Call it on a thread.

    Parameters
    ----------
    item : done
    ports : the operation's outputs, which say of what kind each file is

    Raises
    ------
    SeqStudioError
        If a file cannot be read.
    """
    there = {placed.path for placed in item.outputs}
    paths: dict[str, list[Path]] = {}
    for port in ports:
        path = item.targets.get(port.name, {}).get(READ.get(port.kind, ""))
        if path in there and path is not None:
            paths.setdefault(port.kind, []).append(path)
    takes = tuple(Take.of(_bytes(p), p.stem, record=item.record) for p in paths.get("midi", ()))
    transcripts = [read_transcript(path) for path in paths.get("transcript", ())]
    return Found(takes, _with_maker(transcripts[0], item.record) if transcripts else None)


def entering(document: Document, target: str, name: str, found: Found) -> Operation | None:
    """Make the operation for one finished item, or None where the session has no place for it.

    Parameters
    ----------
    document : as it is now: what the item was for may have gone since
    target : id of the clip or take that the item was for, "" for none
    name : what new takes are called, with their numbers
    found : what the item made
    """
    operations: list[Operation] = []
    taken = [take.name for take in document.takes]
    for take in found.takes:
        taken.append(free_name(name, taken))
        operations.append(AddTake(replace(take, name=taken[-1], parent=target)))
    if found.transcript and target in {clip.id for clip in document.clips}:
        operations.append(SetTranscript(target, found.transcript))
    if len(operations) < 2:
        return next(iter(operations), None)
    return Together(name, tuple(operations))


def name_of(title: str, targets: Sequence[str], target: str, document: Document) -> str:
    """Call what an item made: by its job, or by what it was for where that was several.

    Parameters
    ----------
    title : of the job: "Continue greensleeves", "Transcribe 3 recordings"
    targets : ids of what the job was for
    target : id of what the item was for
    document : where they are, if they still are
    """
    held: tuple[Clip | Take, ...] = (*document.clips, *document.takes)
    name = next((one.name for one in held if one.id == target), "")
    if len(set(targets)) < 2 or not name:
        return title
    return f"{title.partition(' ')[0]} {name}"


def free_name(name: str, taken: Sequence[str]) -> str:
    """Give a name the number after those that are taken.

    >>> free_name("Continue tune", ["tune", "Continue tune 1"])
    'Continue tune 2'
    """
    numbers = [one.removeprefix(f"{name} ") for one in taken if one.startswith(f"{name} ")]
    last = max((int(number) for number in numbers if number.isdecimal()), default=0)
    return f"{name} {last + 1}"


def _with_maker(transcript: Transcript, record: Mapping[str, Any]) -> Transcript:
    made = {name: record[name] for name in MAKER if name in record}
    return replace(transcript, provenance={**transcript.provenance, **made})


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as bad:
        raise SessionError(f"{path}: {bad.strerror}, expected what the job wrote") from bad
