"""Where outputs go, and how they get there: whole, or not at all."""

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from seqstudio.contracts.manifest import OperationEntry
from seqstudio.errors import JobError
from seqstudio.services.atomic_files import sha256_of_file, sync_file

MARK = ".seqstudio-"  # in the name of every temporary file beside a target


@dataclass(frozen=True, slots=True)
class Placed:
    """A finished output, where the person finds it."""

    path: Path
    sha256: str


def wanted_formats(
    entry: OperationEntry, formats: Sequence[str], extra: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """Choose the formats of each output: those asked for, or else its first.

    Parameters
    ----------
    entry : the operation
    formats : asked for, over all outputs
    extra : kind -> further formats that other plugins write

    Raises
    ------
    JobError
        If no output has a format that was asked for.
    """
    known = {port.name: (*port.formats, *extra.get(port.kind, ())) for port in entry.outputs}
    for form in formats:
        if not any(form in names for names in known.values()):
            every = ", ".join(dict.fromkeys(name for names in known.values() for name in names))
            raise JobError(f"{entry.name}: no format {form!r}, expected one of: {every}")
    chosen = {}
    for port in entry.outputs:
        asked = tuple(form for form in formats if form in known[port.name])
        chosen[port.name] = asked or port.formats[:1]
    return chosen


def check_writable(out: Path) -> None:
    """See that a folder can be written, or made.

    Raises
    ------
    JobError
        If it, or the nearest folder above it that is there, cannot be written.
    """
    there = out.absolute()
    while not there.exists():
        there = there.parent
    if not there.is_dir():
        raise JobError(f"{there}: a file, expected a folder that can be written")
    if not os.access(there, os.W_OK | os.X_OK):
        raise JobError(f"{there}: not writable, expected a folder that can be written")


def place_names(places: Sequence[Path]) -> list[Path]:
    """Drop the suffixes, except where two places would then be one.

    >>> [str(p) for p in place_names([Path("a/x.wav"), Path("a/x.mp3"), Path("y.wav")])]
    ['a/x.wav', 'a/x.mp3', 'y']
    """
    counts: dict[Path, int] = {}
    for place in places:
        counts[place.with_suffix("")] = counts.get(place.with_suffix(""), 0) + 1
    return [p if counts[p.with_suffix("")] > 1 else p.with_suffix("") for p in places]


def targets(
    stem: Path, formats: Mapping[str, tuple[str, ...]], *, take: int, takes: int
) -> dict[str, dict[str, Path]]:
    """Name the files of one item: output -> format -> path.

    The first output takes the name itself, others add their own; of K takes, each adds its number.

    >>> targets(Path("tune"), {"score": ("mid", "wav")}, take=2, takes=3)["score"]["wav"]
    PosixPath('tune.2.wav')
    """
    number = f".{take}" if takes > 1 else ""
    named = {}
    for position, (output, forms) in enumerate(formats.items()):
        kind = f".{output}" if position else ""
        named[output] = {f: stem.with_name(f"{stem.name}{number}{kind}.{f}") for f in forms}
    return named


def temporary_beside(target: Path, attempt: str) -> Path:
    """Name the temporary file of one attempt: hidden, and known as ours when it is swept."""
    return target.with_name(f".{target.name}{MARK}{attempt}")


def stage(source: Path, target: Path, sha256: str, attempt: str) -> Path:
    """Copy a finished file beside its target and sync it; `commit` then only renames.

    Raises
    ------
    JobError
        If it cannot be written there, or is not the file the worker spoke of. Nothing is left.
    """
    temporary = temporary_beside(target, attempt)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with source.open("rb") as reading, temporary.open("wb") as writing:
            shutil.copyfileobj(reading, writing, 2**20)
            writing.flush()
            os.fsync(writing.fileno())
    except OSError as bad:
        sweep([target], attempt)
        raise JobError(f"{target}: cannot be written: {bad.strerror}") from bad
    if sha256_of_file(temporary) != sha256:
        temporary.unlink()
        raise JobError(f"{target}: what the worker wrote has changed since, expected {sha256}")
    return temporary


def commit(staged: Mapping[Path, Path]) -> None:
    """Rename temporary files to their targets, then sync the folders.

    Raises
    ------
    JobError
        If a target cannot be replaced, e.g. because it is a folder.
    """
    for target, temporary in staged.items():
        try:
            temporary.replace(target)
        except OSError as bad:
            raise JobError(f"{target}: cannot be written: {bad.strerror}") from bad
    for folder in {target.parent for target in staged}:
        sync_file(folder)


def sweep(places: Iterable[Path], attempt: str = "*") -> None:
    """Remove the temporary files that a dead attempt left beside its targets."""
    for target in places:
        if target.parent.is_dir():
            pattern = temporary_beside(target, "").name
            for left in target.parent.iterdir():
                if left.name.startswith(pattern) and attempt in ("*", left.name[len(pattern) :]):
                    left.unlink(missing_ok=True)


def still_there(placed: Iterable[Placed]) -> bool:
    """Say whether every output is where it was recorded, with its hash."""
    return all(one.path.is_file() and sha256_of_file(one.path) == one.sha256 for one in placed)
