"""Where outputs go, and how they are written: complete, or not at all."""

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
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


def check_writable(out: Path) -> None:
    """Check that a folder can be written, or created.

    Raises
    ------
    JobError
        If it, or its nearest existing parent, cannot be written.
    """
    folder = out.absolute()
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir():
        raise JobError(f"{folder}: a file, expected a folder that can be written")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise JobError(f"{folder}: not writable, expected a folder that can be written")


def output_stems(paths: Sequence[Path]) -> list[Path]:
    """Drop the suffixes, except where two paths would then be equal.

    >>> [str(p) for p in output_stems([Path("a/x.wav"), Path("a/x.mp3"), Path("y.wav")])]
    ['a/x.wav', 'a/x.mp3', 'y']
    """
    counts: dict[Path, int] = {}
    for path in paths:
        counts[path.with_suffix("")] = counts.get(path.with_suffix(""), 0) + 1
    return [p if counts[p.with_suffix("")] > 1 else p.with_suffix("") for p in paths]


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


def commit(staged: Mapping[Path, Path]) -> None:
    """Rename temporary files to their targets and sync the folders.

    Raises
    ------
    JobError
        If a target cannot be replaced, e.g. because it is a folder.
    """
    for target, temporary in staged.items():
        try:
            temporary.replace(target)
        except OSError as error:
            raise JobError(f"{target}: cannot be written: {error.strerror}") from error
    for folder in {target.parent for target in staged}:
        sync_file(folder)


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
