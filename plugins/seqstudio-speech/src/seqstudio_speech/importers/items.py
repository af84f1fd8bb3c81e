"""What all layouts share: items that become examples, text files, and names of recordings."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from seqstudio.api import (
    NOTE,
    AudioExample,
    DataError,
    Ledger,
    Transcript,
    canonical_split,
    from_plain,
)
from seqstudio.api.media import AUDIO_SUFFIXES, AudioSource, read_text_file

KIND = "audio+transcript"
SPLIT_NAMES = frozenset(["train", "dev", "val", "valid", "validation", "test"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One utterance of a data set, as its listing has it."""

    where: str  # in the ledger
    id: str
    audio: Path | AudioSource
    transcript: str
    split: str = ""
    speaker: str = ""
    seconds: float = 0.0


def examples_of(items: Iterable[Item], ledger: Ledger) -> Iterator[AudioExample]:
    """Yield the examples of items; refuse one whose text is empty or stands for none."""
    for item in items:
        if not item.transcript.strip() or item.transcript.strip().lower() == "nan":
            ledger.refuse(item.where, f"text {item.transcript.strip()!r}, expected a transcript")
            continue
        ledger.use(item.where)
        yield AudioExample(
            id=item.id,
            split=canonical_split(item.split),
            group=item.speaker,
            audio=item.audio,
            transcript=item.transcript,
            where=item.where,
            seconds=item.seconds,
        )


def lines_of(path: Path) -> list[str]:
    """Return the lines of a text file.

    Raises
    ------
    DataError
        As `seqstudio.api.media.read_text_file`.
    """
    return read_text_file(path).removesuffix("\n").split("\n")


def read_transcript(path: Path) -> Transcript:
    """Return a transcript that SeqStudio wrote as JSON.

    Raises
    ------
    DataError
        If the file cannot be read, or holds anything else.
    """
    try:
        plain = json.loads(read_text_file(path))
    except ValueError as error:
        raise DataError(f"{path}: {error}, expected a transcript in JSON") from error
    return from_plain(Transcript, plain, str(path), error=DataError)


def recordings(source: Path) -> list[Path]:
    """Return the audio files of a folder and its subfolders, sorted, or the one file."""
    if source.is_dir():
        return sorted(path for path in source.rglob("*") if is_audio(path))
    return [source] if is_audio(source) else []


def is_audio(path: Path) -> bool:
    """Return whether the suffix is that of an audio format."""
    return path.suffix.lower() in AUDIO_SUFFIXES


def without_notes(text: str) -> str:
    r"""Return a text without the lines that a transcription put before it.

    >>> without_notes("[Note: 2 channels: 1 without sound, left out]\nGO AHEAD\n")
    'GO AHEAD\n'
    """
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(NOTE))


def seconds_of(text: str) -> float:
    """Return a duration that is written as a number, 0 if there is none.

    Raises
    ------
    DataError
        If it is no number, or negative.
    """
    if not re.fullmatch(r"(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?|", text.strip()):
        raise DataError(f"seconds={text!r}, expected a number")
    return float(text.strip() or 0)
