"""Clips whose files have moved: found again by their hash, or collected in one folder."""

import contextlib
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from seqstudio.errors import SessionError
from seqstudio.services.atomic_files import (
    create_file,
    new_temporary,
    os_errors_as,
    sha256_of_file,
    sync_file,
)
from seqstudio.session.document import Clip, Document
from seqstudio.session.edits import CompoundEdit, RelinkClip

PAGE_MARK = b'<meta name="generator" content="SeqStudio">'  # of pages that operations wrote
PAGE_START = 300  # bytes, in which it is


def missing_clips(document: Document) -> tuple[Clip, ...]:
    """Return the clips whose files are gone or have another size."""
    return tuple(clip for clip in document.clips if not _has_size(clip.path, clip.size_bytes))


def find_moved_clips(clips: Iterable[Clip], folder: Path) -> Mapping[str, Path]:
    """Search a folder for the files of clips by size and hash, whatever their names.

    Returns
    -------
    id of each found clip -> path; of several copies the first by name

    Raises
    ------
    SessionError
        If a file of the right size cannot be read.
    """
    wanted: dict[tuple[int, str], list[str]] = {}
    for clip in clips:
        wanted.setdefault((clip.size_bytes, clip.sha256), []).append(clip.id)
    sizes = {size for size, _ in wanted}
    found: dict[str, Path] = {}
    for path in sorted(folder.absolute().rglob("*")):
        if not wanted or not path.is_file() or (size := path.stat().st_size) not in sizes:
            continue
        with os_errors_as(SessionError, path):
            ids = wanted.pop((size, sha256_of_file(path)), [])
        found.update(dict.fromkeys(ids, path))
    return found


def find_beside(document: Document, folder: Path) -> Mapping[str, Path]:
    """Search the folder of a session for the missing files of clips that were moved with it.

    A file is where it was, seen from the session or from one of the folders around it: of
    `/music/tape/a.wav` those tried are `music/tape/a.wav`, `tape/a.wav` and `a.wav`.

    Returns
    -------
    id of each found clip -> path
    """
    found: dict[str, Path] = {}
    for clip in missing_clips(document):
        parts = re.split(r"[/\\]", str(clip.path))  # also if it was moved from another system
        for at in range(1, len(parts)):
            path = folder.absolute().joinpath(*parts[at:])
            with contextlib.suppress(OSError):  # not to be read: it is not this one
                if _matches(clip, path):
                    found[clip.id] = path
                    break
    return found


def relink(found: Mapping[str, Path]) -> CompoundEdit:
    """Return the edit that changes the paths of clips."""
    return CompoundEdit(
        "Find moved files", tuple(RelinkClip(id, path) for id, path in found.items())
    )


def collect(document: Document, folder: Path) -> CompoundEdit:
    """Copy the files of all clips into one folder; return the edit that changes their paths.

    A file that is there already is not copied again. Files keep their names; if another file has
    the name, the hash is appended. A text takes the page of an operation beside it along. Missing
    files stay missing.

    Raises
    ------
    SessionError
        If a file has changed, or the folder cannot be written: then no path is changed.
    """
    missing = {clip.id for clip in missing_clips(document)}
    edits = []
    with os_errors_as(SessionError, folder):
        folder.mkdir(parents=True, exist_ok=True)
        for clip in (clip for clip in document.clips if clip.id not in missing):
            target = _target(clip, folder.absolute())
            if target != clip.path:
                _copy(clip, target)
                if page := page_of(clip.path):
                    shutil.copyfile(page, target.with_suffix(page.suffix))
                edits.append(RelinkClip(clip.id, target))
        sync_file(folder)
    return CompoundEdit("Collect files", tuple(edits))


def page_of(path: Path) -> Path | None:
    """Return the page that an operation wrote beside a text, coloured HTML; None without one."""
    page = path.with_suffix(".html")
    if path.suffix.lower() == page.suffix or not page.is_file():
        return None
    with page.open("rb") as file:
        return page if PAGE_MARK in file.read(PAGE_START) else None


def _target(clip: Clip, folder: Path) -> Path:
    plain = folder / clip.path.name
    if not plain.exists() or _matches(clip, plain):
        return plain
    return plain.with_name(f"{plain.stem}-{clip.sha256[:12]}{plain.suffix}")


def _copy(clip: Clip, target: Path) -> None:
    """Copy a clip's file into the target's folder, check its hash, and rename it."""
    if target.exists() and _matches(clip, target):
        return
    temporary = new_temporary(target.parent)
    try:
        with clip.path.open("rb") as source, create_file(temporary) as copy:
            shutil.copyfileobj(source, copy)
        if not _matches(clip, temporary):
            raise SessionError(f"{clip.path}: changed since it was added, expected {clip.sha256}")
        sync_file(temporary)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _matches(clip: Clip, path: Path) -> bool:
    return _has_size(path, clip.size_bytes) and sha256_of_file(path) == clip.sha256


def _has_size(path: Path, size_bytes: int) -> bool:
    return path.is_file() and path.stat().st_size == size_bytes
