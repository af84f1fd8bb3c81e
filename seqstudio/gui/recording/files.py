"""Reads and writes transcripts and text files; call these functions on a thread."""

from collections.abc import Callable, Mapping
from pathlib import Path

from seqstudio.contracts.transcript import Transcript
from seqstudio.errors import DataError, SessionError
from seqstudio.media.subtitles import to_json, to_srt, to_txt, to_vtt
from seqstudio.services.atomic_files import os_errors_as, write_atomic

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
MAX_CHARACTERS = 2**20  # shown of a text file


def file_filters() -> str:
    """Return the filters of a file dialog.

    >>> file_filters().split(";;")[1]
    'SubRip subtitles (*.srt)'
    """
    return ";;".join(f"{TITLES[suffix]} (*{suffix})" for suffix in WRITERS)


def with_suffix(path: Path, chosen_filter: str) -> Path:
    """Add the suffix of the chosen filter, unless the path has a suffix of ours.

    >>> with_suffix(Path("talk.v2"), "WebVTT subtitles (*.vtt)").name
    'talk.v2.vtt'
    """
    if path.suffix.lower() in WRITERS:
        return path
    suffix = next((s for s in WRITERS if f"*{s})" in chosen_filter), ".txt")
    return path.with_name(path.name + suffix)


def export(transcript: Transcript, path: Path) -> Path:
    """Write a transcript atomically, in the format of the suffix.

    Raises
    ------
    SessionError
        If the suffix names no format, or the file cannot be written.
    """
    if (write := WRITERS.get(path.suffix.lower())) is None:
        known = " ".join(WRITERS)
        raise SessionError(f"{path}: suffix {path.suffix!r}, expected one of: {known}")
    with os_errors_as(SessionError, path):
        write_atomic(path, write(transcript).encode())
    return path


def is_transcript_of(path: Path, recording: Path) -> bool:
    """Whether a file's name is that of a transcript of a recording.

    >>> is_transcript_of(Path("b/talk.JSON"), Path("a/talk.flac"))
    True
    """
    return path.suffix.lower() == ".json" and path.stem == recording.stem


def read_text(path: Path) -> str:
    """Read the start of a text file, up to `MAX_CHARACTERS`.

    Raises
    ------
    DataError
        If it cannot be read, or is not UTF-8.
    """
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(MAX_CHARACTERS)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}, expected a text") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: byte {error.start} is not UTF-8, expected a text") from error
