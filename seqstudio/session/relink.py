"""Clips whose files moved or changed: found again by their hash, or copied to one place."""

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from seqstudio.errors import SessionError
from seqstudio.services.atomic_files import os_errors_as, sha256_of_file, sync_file
from seqstudio.session.document import Clip, Document
from seqstudio.session.edits import CompoundEdit, RelinkClip


def missing_clips(document: Document) -> tuple[Clip, ...]:
    """Give the clips whose files are gone, or have another size than they had."""
    return tuple(clip for clip in document.clips if not _has_size(clip.path, clip.size_bytes))


def find_moved_clips(clips: Iterable[Clip], folder: Path) -> Mapping[str, Path]:
    """Look for clips below a folder, whatever their names are now: by size, then by hash.

    Returns
    -------
    id of each clip that was found -> where; the first by name, where there are several

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


def relink(found: Mapping[str, Path]) -> CompoundEdit:
    """Point clips to where they were found, as one step."""
    return CompoundEdit("Find moved files", tuple(RelinkClip(id, path) for id, path in found.items()))


def collect(document: Document, folder: Path) -> CompoundEdit:
    """Copy the files of all clips into one folder, and give the step that points the clips there.

    A file that is there already is not copied again. Names stay; where another file has the name,
    the copy's name ends in its hash.

    Raises
    ------
    SessionError
        If a file is gone or has changed, or the folder cannot be written: then no clip is moved.
    """
    steps = []
    with os_errors_as(SessionError, folder):
        folder.mkdir(parents=True, exist_ok=True)
        for clip in document.clips:
            target = _place(clip, folder.absolute())
            if target != clip.path:
                _copy(clip, target)
                steps.append(RelinkClip(clip.id, target))
        sync_file(folder)
    return CompoundEdit("Collect files", tuple(steps))


def _place(clip: Clip, folder: Path) -> Path:
    plain = folder / clip.path.name
    if not plain.exists() or _is(clip, plain):
        return plain
    return plain.with_name(f"{plain.stem}-{clip.sha256[:12]}{plain.suffix}")


def _copy(clip: Clip, target: Path) -> None:
    """Copy a clip's file beside its target, check it there, and rename it."""
    if target.exists() and _is(clip, target):
        return
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.copyfile(clip.path, beside)
    if not _is(clip, beside):
        beside.unlink()
        raise SessionError(f"{clip.path}: changed since it was added, expected {clip.sha256}")
    sync_file(beside)
    beside.replace(target)


def _is(clip: Clip, path: Path) -> bool:
    return _has_size(path, clip.size_bytes) and sha256_of_file(path) == clip.sha256


def _has_size(path: Path, size_bytes: int) -> bool:
    return path.is_file() and path.stat().st_size == size_bytes
