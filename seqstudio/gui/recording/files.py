"""Transcripts to and from files, and the text of a text file; slow disks are for threads."""

from collections.abc import Callable, Mapping
from pathlib import Path

from seqstudio.contracts.transcript import Transcript
from seqstudio.errors import DataError, SessionError
from seqstudio.media.subtitles import to_json, to_srt, to_txt, to_vtt
from seqstudio.services.atomic_files import faults_as, write_durably

WRITERS: Mapping[str, Callable[[Transcript], str]] = {
    ".txt": to_txt,
    ".srt": to_srt,
    ".vtt": to_vtt,
    ".json": to_json,
}
TITLES: Mapping[str, str] = {
    ".txt": "Plain text",
    ".srt": "SubRip subtitles",
    ".vtt": "WebVTT subtitles",
    ".json": "SeqStudio transcript",
}
SHOWN = 2**20  # characters of a text file


def filters() -> str:
    """Give the choices of a file dialog.

    >>> filters().split(";;")[1]
    'SubRip subtitles (*.srt)'
    """
    return ";;".join(f"{TITLES[suffix]} (*{suffix})" for suffix in WRITERS)


def with_suffix(path: Path, chosen_filter: str) -> Path:
    """Give a file the suffix that was chosen, if it has none of ours.

    >>> with_suffix(Path("talk.v2"), "WebVTT subtitles (*.vtt)").name
    'talk.v2.vtt'
    """
    if path.suffix.lower() in WRITERS:
        return path
    suffix = next((s for s in WRITERS if f"*{s})" in chosen_filter), ".txt")
    return path.with_name(path.name + suffix)


def export(transcript: Transcript, path: Path) -> Path:
    """Write a transcript in the format of the suffix: whole, or not at all.

    Raises
    ------
    SessionError
        If the suffix names no format, or the file cannot be written.
    """
    if (write := WRITERS.get(path.suffix.lower())) is None:
        known = " ".join(WRITERS)
        raise SessionError(f"{path}: suffix {path.suffix!r}, expected one of: {known}")
    with faults_as(SessionError, path):
        write_durably(path, write(transcript).encode())
    return path


def belongs(path: Path, recording: Path) -> bool:
    """Whether a file is by its name a transcript of a recording.

    >>> belongs(Path("b/talk.JSON"), Path("a/talk.flac"))
    True
    """
    return path.suffix.lower() == ".json" and path.stem == recording.stem


def read_text(path: Path) -> str:
    """Read a text file, as far as it is shown.

    Raises
    ------
    DataError
        If it cannot be read, or is not UTF-8.
    """
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(SHOWN)
    except OSError as bad:
        raise DataError(f"{path}: {bad.strerror}, expected a text") from bad
    except UnicodeDecodeError as bad:
        raise DataError(f"{path}: byte {bad.start} is not UTF-8, expected a text") from bad
