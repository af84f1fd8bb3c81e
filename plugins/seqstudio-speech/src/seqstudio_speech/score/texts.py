"""Texts to be compared: transcripts in folders, tables, or files with a line for each utterance."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from seqstudio.api import DataError, Ledger
from seqstudio.api.media import AUDIO_SUFFIXES, read_text_file
from seqstudio_speech.aligning.texts import SUBTITLES, read_given_text
from seqstudio_speech.importers.items import read_transcript, without_notes
from seqstudio_speech.importers.tables import TableImporter

SUFFIXES = (".json", *SUBTITLES, ".txt", ".lab")  # of two files of one name, the first is read


@dataclass(frozen=True, slots=True)
class Utterance:
    """A text, and who says it, if that is known."""

    text: str
    speaker: str = ""


Utterances = Mapping[str, Utterance]


def read_utterances(source: Path) -> Utterances:
    """Return the texts of a source by their names, which have no suffix.

    Those of a folder have its paths; those of a table the names of its recordings; the lines of a
    text file their numbers. A transcript or subtitles are one text.

    Raises
    ------
    DataError
        If nothing can be read.
    """
    if TableImporter().recognises(source):
        rows = TableImporter().read(source, Ledger())
        found = {_name(row.id): Utterance(row.transcript, row.group) for row in rows}
    elif source.is_dir():
        found = _folder(source)
    elif source.suffix.lower() == ".txt":
        lines = without_notes(read_text_file(source)).removesuffix("\n").split("\n")
        found = {str(number): Utterance(line) for number, line in enumerate(lines, start=1)}
    else:
        found = {source.stem: _file(source)}
    if not found:
        raise DataError(f"{source}: no texts, expected a table, or files {' '.join(SUFFIXES)}")
    return found


def _folder(folder: Path) -> dict[str, Utterance]:
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    chosen: dict[str, Path] = {}
    for path in sorted(paths, key=lambda one: SUFFIXES.index(one.suffix.lower())):
        name = path.relative_to(folder).with_suffix("").as_posix()
        chosen.setdefault(name.removesuffix(".partial"), path)
    return {name: _file(path) for name, path in sorted(chosen.items())}


def _file(path: Path) -> Utterance:
    """Read a file with the text of one recording."""
    suffix = path.suffix.lower()
    if suffix == ".json":
        transcript = read_transcript(path)
        speakers = {one.speaker for one in transcript.segments if one.speaker}
        return Utterance(transcript.text, speakers.pop() if len(speakers) == 1 else "")
    if suffix in SUBTITLES:
        return Utterance(" ".join(read_given_text(path).lines))
    return Utterance(" ".join(without_notes(read_text_file(path)).split()))


def _name(given: str) -> str:
    """Return the name of a recording without the suffix of audio.

    >>> _name("clips/one.flac"), _name("v1.2")
    ('clips/one', 'v1.2')
    """
    path = PurePosixPath(given)
    return str(path.with_suffix("")) if path.suffix.lower() in AUDIO_SUFFIXES else given


def matched(references: Utterances, hypotheses: Utterances) -> dict[str, str]:
    """Return the name of the hypothesis of each reference that has one: the same, or its stem.

    Raises
    ------
    DataError
        If none has one.
    """
    if len(references) == len(hypotheses) == 1:
        return dict(zip(references, hypotheses, strict=True))
    stems: dict[str, list[str]] = {}
    for name in hypotheses:
        stems.setdefault(PurePosixPath(name).name, []).append(name)
    found = {}
    for name in references:
        same = [name] if name in hypotheses else stems.get(PurePosixPath(name).name, [])
        if len(same) == 1:
            found[name] = same[0]
    if not found:
        first, other = next(iter(references)), next(iter(hypotheses))
        names = f"{first!r} and others, {other!r} and others"
        raise DataError(f"no text of the same name: {names}, expected names that are in both")
    return found
