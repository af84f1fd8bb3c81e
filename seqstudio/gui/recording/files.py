"""Reads and writes transcripts and text files; call these functions on a thread."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from seqstudio.contracts.audio import AudioSource
from seqstudio.contracts.formats import Exporter
from seqstudio.contracts.presentation import Presentation
from seqstudio.contracts.transcript import Transcript
from seqstudio.errors import DataError, SessionError
from seqstudio.media.exporters import built_in_exporters
from seqstudio.media.subtitles import to_txt
from seqstudio.services.atomic_files import os_errors_as, write_atomic
from seqstudio.session.relink import page_of

TITLES: Mapping[str, str] = {  # by suffix
    ".txt": "Plain text",
    ".docx": "Word document",
    ".html": "Web page",
    ".srt": "SubRip subtitles",
    ".vtt": "WebVTT subtitles",
    ".json": "SeqStudio transcript",
    ".ctm": "CTM, words with times",
    ".textgrid": "Praat TextGrid",
    ".eaf": "ELAN annotations",
    ".tsv": "Table with tabs",
    ".csv": "Table with commas",
}
MAX_CHARACTERS = 2**20  # shown of a text file
PREVIEW = 20_000  # characters shown of an export


def exporters(sound: Path | None = None) -> Mapping[str, Exporter]:
    """Return what writes transcripts, by suffix: the same as for the operations.

    Parameters
    ----------
    sound : the recording, for a page that plays it; one that is not there is left out
    """
    source = AudioSource(sound) if sound and sound.exists() else None
    every = built_in_exporters(Presentation(sound=source))
    found = {f".{one.name}": one for one in every if one.kind == "transcript"}
    return {suffix: found[suffix] for suffix in TITLES}


def file_filters() -> str:
    """Return the filters of a file dialog.

    >>> file_filters().split(";;")[3]
    'SubRip subtitles (*.srt)'
    """
    return ";;".join(f"{title} (*{suffix})" for suffix, title in TITLES.items())


def with_suffix(path: Path, chosen_filter: str) -> Path:
    """Add the suffix of the chosen filter, unless the path has a suffix of ours.

    >>> with_suffix(Path("talk.v2"), "WebVTT subtitles (*.vtt)").name
    'talk.v2.vtt'
    """
    if path.suffix.lower() in TITLES:
        return path
    suffix = next((s for s in TITLES if f"*{s})" in chosen_filter), ".txt")
    return path.with_name(path.name + suffix)


def export(transcript: Transcript, path: Path, sound: Path) -> Path:
    """Write a transcript atomically, in the format of the suffix.

    Parameters
    ----------
    transcript, path : what is written, and where
    sound : its recording

    Raises
    ------
    SessionError
        If the suffix names no format, or the file cannot be written.
    DataError
        If the format holds the sound, and the recording cannot be read.
    """
    if path.suffix.lower() not in TITLES:
        known = " ".join(TITLES)
        raise SessionError(f"{path}: suffix {path.suffix!r}, expected one of: {known}")
    with os_errors_as(SessionError, path):
        write_atomic(path, _content(transcript, path.suffix.lower(), sound))
    return path


def preview(transcript: Transcript, suffix: str) -> str:
    """Return the start of an export as text; of a document, its text."""
    if suffix in (".docx", ".html"):
        return to_txt(transcript)[:PREVIEW]
    return _content(transcript, suffix).decode()[:PREVIEW]


def _content(transcript: Transcript, suffix: str, sound: Path | None = None) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / f"export{suffix}"
        exporters(sound)[suffix].write(transcript, written)
        return written.read_bytes()


def is_transcript_of(path: Path, recording: Path) -> bool:
    """Whether a file's name is that of a transcript of a recording.

    >>> is_transcript_of(Path("b/talk.JSON"), Path("a/talk.flac"))
    True
    """
    return path.suffix.lower() == ".json" and path.stem == recording.stem


def read_page(path: Path) -> str:
    """Read the page that an operation wrote beside a text, coloured HTML; '' if there is none."""
    page = page_of(path)
    text = read_text(page) if page else ""
    return text if len(text) < MAX_CHARACTERS else ""


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
