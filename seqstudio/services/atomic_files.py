"""Files and folders that are there whole or not at all, whenever the process dies."""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seqstudio.errors import SeqStudioError


def sync_file(path: Path) -> None:
    """Force a file's bytes, or a folder's names, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_durably(path: Path, data: bytes) -> None:
    """Write beside the target, sync, rename over it, sync the folder; a failure leaves nothing."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(data)
        sync_file(beside)
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    sync_file(path.parent)


def json_bytes(value: Any) -> bytes:
    """Give JSON values as readable, deterministic UTF-8."""
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def sha256_of(data: bytes) -> str:
    """Hash bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def sha256_of_file(path: Path) -> str:
    """Hash a file, in hexadecimal, without reading it whole."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def faults_as(error: type[SeqStudioError], where: Path) -> Iterator[None]:
    """Turn what the file system refuses into one line: a full disk, a folder without access.

    Raises
    ------
    error
        Naming the file, or `where` if the system names none.
    """
    try:
        yield
    except OSError as bad:
        name = bad.filename or where
        reason = bad.strerror or str(bad)
        raise error(f"{name}: {reason}, expected a readable, writable place with room") from bad


@contextlib.contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Fill a folder beside `target`; on leaving, sync its files and rename it into place.

    Raises
    ------
    OSError
        If `target` exists and is not empty. An error inside leaves nothing behind.
    """
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    try:
        yield beside
        for path in sorted(beside.iterdir()):
            sync_file(path)
        sync_file(beside)
        beside.rename(target)
        sync_file(target.parent)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Remove what dead writers left beside their targets: names that begin with a dot."""
    for path in folder.glob(".*"):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
