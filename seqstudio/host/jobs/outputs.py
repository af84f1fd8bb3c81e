"""Where outputs go, and how they are written: complete, or not at all."""

import os
import shutil
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from seqstudio.contracts.manifest import OperationEntry
from seqstudio.errors import JobError
from seqstudio.services.atomic_files import (
    create_file,
    new_temporary,
    sha256_of,
    sha256_of_file,
    sync_file,
)

MAX_STEM_BYTES = 230  # of the 255 that a name may have; a suffix and a take follow
TEMPORARY_PREFIX = ".seqstudio-"  # of every temporary file beside a target


@dataclass(frozen=True, slots=True)
class FinishedOutput:
    """A finished output file at its final path."""

    path: Path
    sha256: str


def choose_formats(
    entry: OperationEntry, formats: Sequence[str], extra: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """Choose the formats of each output: the requested ones, or else its first.

    Parameters
    ----------
    entry : the operation
    formats : requested formats, for all outputs together
    extra : kind -> further formats that other plugins export

    Raises
    ------
    JobError
        If no output has one of the requested formats.
    """
    known = {port.name: (*port.formats, *extra.get(port.kind, ())) for port in entry.outputs}
    for form in formats:
        if not any(form in names for names in known.values()):
            every = ", ".join(dict.fromkeys(name for names in known.values() for name in names))
            raise JobError(f"{entry.name}: no format {form!r}, expected one of: {every}")
    chosen = {}
    for port in entry.outputs:
        requested = tuple(form for form in formats if form in known[port.name])
        chosen[port.name] = requested or port.formats[:1]
    return chosen


def nearest_existing(path: Path) -> Path:
    """Return a path, or the nearest of its parents that exists."""
    path = path.absolute()
    while not path.exists():
        path = path.parent
    return path


def check_writable(out: Path) -> None:
    """Check that a folder can be written, or created.

    Raises
    ------
    JobError
        If it, or its nearest existing parent, cannot be written.
    """
    folder = nearest_existing(out)
    if not folder.is_dir():
        raise JobError(f"{folder}: a file, expected a folder that can be written")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise JobError(f"{folder}: not writable, expected a folder that can be written")


def output_stems(paths: Sequence[Path]) -> list[Path]:
    """Return where the outputs of inputs go, without suffix: no two names are equal.

    The suffix of an input is dropped, except where two names would then be equal. Names that are
    equal even so get a number, those that are too long a hash. Names that differ only in their
    case count as equal, since they are on some disks.

    >>> [str(p) for p in output_stems([Path("a/x.wav"), Path("a/x.mp3"), Path("y.wav")])]
    ['a/x.wav', 'a/x.mp3', 'y']
    >>> [str(p) for p in output_stems([Path("x.wav"), Path("x.mp3"), Path("x.wav.mp3")])]
    ['x.wav', 'x.mp3', 'x.wav.mp3']
    """
    counts = Counter(_folded(path.with_suffix("")) for path in paths)
    stems: list[Path] = []
    taken: set[str] = set()
    for path in paths:
        stem = path.with_suffix("")
        if counts[_folded(stem)] > 1 or _folded(stem) in taken:
            stem = path
        stem = _shortened(stem)
        number = 2
        while _folded(stem) in taken:
            stem = _shortened(path.with_name(f"{path.name}-{number}"))
            number += 1
        taken.add(_folded(stem))
        stems.append(stem)
    return stems


def _folded(path: Path) -> str:
    return unicodedata.normalize("NFC", str(path)).casefold()


def _shortened(stem: Path) -> Path:
    """Leave room for a suffix in the longest name that file systems take."""
    name = os.fsencode(stem.name)
    if len(name) <= MAX_STEM_BYTES:
        return stem
    kept = name[: MAX_STEM_BYTES - 9].decode(errors="ignore")
    return stem.with_name(f"{kept}-{sha256_of(name)[:8]}")


def target_paths(
    stem: Path, formats: Mapping[str, tuple[str, ...]], *, take: int, takes: int
) -> dict[str, dict[str, Path]]:
    """Return the files of one item: output -> format -> path.

    The first output has the name itself, others append their own; several takes append a number.

    >>> target_paths(Path("tune"), {"score": ("mid", "wav")}, take=2, takes=3)["score"]["wav"]
    PosixPath('tune.2.wav')
    """
    number = f".{take}" if takes > 1 else ""
    paths = {}
    for position, (output, forms) in enumerate(formats.items()):
        kind = f".{output}" if position else ""
        paths[output] = {f: stem.with_name(f"{stem.name}{number}{kind}.{f}") for f in forms}
    return paths


def partial_path(target: Path) -> Path:
    """Return where the part of an output goes that was done when its job was stopped.

    >>> str(partial_path(Path("words/talk.srt")))
    'words/talk.partial.srt'
    """
    return target.with_name(f"{target.stem}.partial{target.suffix}")


def temporary_prefix(target: Path, attempt: str = "") -> str:
    """Return how the names of a target's temporary files begin: all, or those of one attempt.

    The target is named by a hash, since its own name may be as long as the file system allows.
    """
    name = sha256_of(os.fsencode(target.name))[:16]
    return f"{TEMPORARY_PREFIX}{name}-" + (f"{attempt}-" if attempt else "")


def stage(source: Path, target: Path, sha256: str, attempt: str) -> Path:
    """Copy a finished file into its target's folder and sync it; `commit` then only renames it.

    Raises
    ------
    JobError
        If it cannot be written there, or its hash is not `sha256`. No file is left behind.
    """
    temporary = new_temporary(target.parent, temporary_prefix(target, attempt))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with source.open("rb") as reader, create_file(temporary) as writer:
            shutil.copyfileobj(reader, writer, 2**20)
            writer.flush()
            os.fsync(writer.fileno())
    except OSError as error:
        remove_temporary_files([target], attempt)
        raise JobError(f"{target}: cannot be written: {error.strerror}") from error
    if sha256_of_file(temporary) != sha256:
        temporary.unlink()
        raise JobError(f"{target}: the worker's file has changed since, expected {sha256}")
    return temporary


def commit(staged: Mapping[Path, Path], foreign: Collection[Path] = ()) -> tuple[Path, ...]:
    """Rename temporary files to their targets and sync the folders.

    Parameters
    ----------
    staged : target -> temporary file
    foreign : the targets at which other files are: these are kept under other names

    Returns
    -------
    the names of the files that are kept

    Raises
    ------
    JobError
        If a target cannot be replaced, e.g. because it is a folder.
    """
    kept = tuple(_keep(target) for target in foreign)
    for target, temporary in staged.items():
        try:
            temporary.replace(target)
        except OSError as error:
            raise JobError(f"{target}: cannot be written: {error.strerror}") from error
    for folder in {target.parent for target in staged}:
        sync_file(folder)
    return kept


def _keep(target: Path) -> Path:
    """Rename a file to a name that is free."""
    number, backup = 1, target.with_name(f"{target.name}.bak")
    while os.path.lexists(backup):
        number += 1
        backup = target.with_name(f"{target.name}.bak{number}")
    try:
        target.rename(backup)
    except OSError as error:
        raise JobError(f"{target}: cannot be kept as {backup.name}: {error.strerror}") from error
    return backup


def remove_temporary_files(targets: Iterable[Path], attempt: str = "") -> None:
    """Remove the temporary files that an attempt, or any, left in its targets' folders."""
    for target in targets:
        if target.parent.is_dir():
            prefix = temporary_prefix(target, attempt)
            for path in target.parent.iterdir():
                if path.name.startswith(prefix):
                    path.unlink(missing_ok=True)


def outputs_intact(outputs: Iterable[FinishedOutput]) -> bool:
    """Return whether every output still exists with the same hash."""
    return all(one.path.is_file() and sha256_of_file(one.path) == one.sha256 for one in outputs)
