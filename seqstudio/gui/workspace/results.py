"""Turn the files that a job's item wrote into the edit that adds them to the session."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from seqstudio.contracts.manifest import Port
from seqstudio.contracts.transcript import Segment, Transcript
from seqstudio.errors import SessionError
from seqstudio.host.jobs.database import ItemRow
from seqstudio.media.subtitles import read_transcript
from seqstudio.session.document import Clip, ClipKind, Document, Take
from seqstudio.session.edits import AddClip, AddTake, CompoundEdit, Edit, SetTranscript

READABLE: Mapping[str, str] = {  # kind -> format
    "transcript": "json",
    "midi": "mid",
    "text": "txt",
    "table": "csv",
}
SHOWN: Mapping[str, str] = {"text": "html"}  # beside what is read: with colours and pictures
FILES: tuple[ClipKind, ...] = ("text", "table")  # kinds that are added as clips
PARTIAL = "partial"  # in the provenance of a transcript: its job was stopped
KEPT = (
    "plugin",
    "plugin_version",
    "operation",
    "models",
    "options",
    "device",
)  # of the item's provenance, in a transcript


@dataclass(frozen=True, slots=True)
class ItemResults:
    """What one item made, of the kinds that a session can hold."""

    takes: tuple[Take, ...] = ()  # without a name
    transcript: Transcript | None = None
    clips: tuple[Clip, ...] = ()


def read_results(item: ItemRow, ports: Sequence[Port]) -> ItemResults:
    """Read an item's output files. Call it on a thread.

    Parameters
    ----------
    item : done
    ports : the operation's outputs, with the kind of each file

    Raises
    ------
    SeqStudioError
        If a file cannot be read.
    """
    written = {output.path for output in item.outputs}
    paths: dict[str, list[Path]] = {}
    for port in ports:
        path = item.targets.get(port.name, {}).get(READABLE.get(port.kind, ""))
        if path in written and path is not None:
            paths.setdefault(port.kind, []).append(path)
    takes = tuple(
        Take.of(_bytes(path), path.stem, provenance=item.provenance)
        for path in paths.get("midi", ())
    )
    transcripts = [read_transcript(path) for path in paths.get("transcript", ())]
    clips = tuple(Clip.of(path, kind) for kind in FILES for path in paths.get(kind, ()))
    if not transcripts:
        return ItemResults(takes, clips=clips)
    return ItemResults(takes, _with_provenance(transcripts[0], item.provenance), clips)


def import_edit(document: Document, target: str, name: str, results: ItemResults) -> Edit | None:
    """Return the edit that adds an item's results, or None where nothing can be added.

    Parameters
    ----------
    document : as it is now; the target may have been removed since
    target : id of the clip or take that the item was for, "" for none
    name : of new takes, which get numbers
    results : of the item
    """
    edits: list[Edit] = []
    used_names = [take.name for take in document.takes]
    for take in results.takes:
        used_names.append(numbered_name(name, used_names))
        edits.append(AddTake(replace(take, name=used_names[-1], parent=target)))
    used_names = [clip.name for clip in document.clips]
    for clip in results.clips:
        used_names.append(numbered_name(name, used_names))
        edits.append(AddClip(replace(clip, name=used_names[-1])))
    if results.transcript and target in {clip.id for clip in document.clips}:
        edits.append(SetTranscript(target, results.transcript))
    if len(edits) < 2:
        return next(iter(edits), None)
    return CompoundEdit(name, tuple(edits))


def result_name(title: str, targets: Sequence[str], target: str, document: Document) -> str:
    """Name an item's results after the job, or after the item's target if the job had several.

    Parameters
    ----------
    title : of the job: "Continue greensleeves", "Transcribe 3 recordings"
    targets : ids of the clips and takes that the job was for
    target : the one that the item was for
    document : holds the targets, unless they were removed
    """
    candidates: tuple[Clip | Take, ...] = (*document.clips, *document.takes)
    name = next((one.name for one in candidates if one.id == target), "")
    if len(set(targets)) < 2 or not name:
        return title
    return f"{title.partition(' ')[0]} {name}"


def partial_transcript(clip: Clip, text: str, fraction: float) -> Transcript:
    """Return what was heard of a recording before its job was stopped; reads its length.

    Parameters
    ----------
    clip : the recording
    text : the words so far
    fraction : of the recording that they come from, 0 to 1

    Raises
    ------
    SeqStudioError
        If the recording cannot be read.
    """
    from seqstudio.media.audio import audio_info  # it would delay the first paint

    info = audio_info(clip.path)
    end_s = min(max(fraction, 0.01), 1.0) * info.duration_s
    heard = Segment(start_s=0.0, end_s=end_s, text=text)
    return Transcript(
        audio=clip.path.name,
        duration_s=info.duration_s,
        text=text,
        segments=(heard,),
        provenance={PARTIAL: True},
    )


def is_partial(transcript: Transcript) -> bool:
    """Whether it holds what was heard before a job was stopped, which a whole one replaces."""
    return bool(transcript.provenance.get(PARTIAL))


def numbered_name(name: str, used: Sequence[str]) -> str:
    """Append to a name the number after the highest in use.

    >>> numbered_name("Continue tune", ["tune", "Continue tune 1"])
    'Continue tune 2'
    """
    numbers = [one.removeprefix(f"{name} ") for one in used if one.startswith(f"{name} ")]
    last = max((int(number) for number in numbers if number.isdecimal()), default=0)
    return f"{name} {last + 1}"


def _with_provenance(transcript: Transcript, provenance: Mapping[str, Any]) -> Transcript:
    kept = {name: provenance[name] for name in KEPT if name in provenance}
    return replace(transcript, provenance={**transcript.provenance, **kept})


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SessionError(f"{path}: {error.strerror}, expected what the job wrote") from error
