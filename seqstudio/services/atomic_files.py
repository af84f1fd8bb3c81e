"""Writing files and folders atomically: after a crash they are complete or absent."""

import contextlib
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from seqstudio.contracts.unreadable import why_unreadable
from seqstudio.errors import SeqStudioError


def sync_file(path: Path) -> None:
    """Flush a file's data, or a folder's entries, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def new_temporary(folder: Path, prefix: str = ".") -> Path:
    """Return a path in a folder with a random name, short enough for every file system.

    Nobody can know the name in advance and put a link in its place.
    """
    return folder / f"{prefix}{secrets.token_hex(8)}"


def create_file(path: Path) -> BinaryIO:
    """Create a file and open it for writing; neither an existing file nor a link is followed.

    Raises
    ------
    OSError
        If there is anything at `path`.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.fdopen(os.open(path, flags, 0o666), "wb")


def write_atomic(path: Path, data: bytes) -> None:
    """Write a temporary file, sync it, and rename it to `path`; on failure, `path` is unchanged."""
    temporary = new_temporary(path.parent)
    try:
        with create_file(temporary) as file:
            file.write(data)
        sync_file(temporary)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_file(path.parent)


def json_bytes(value: Any) -> bytes:
    """Serialise JSON values as indented, deterministic UTF-8."""
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def sha256_of(data: bytes) -> str:
    """Return the SHA-256 of bytes in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def sha256_of_file(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal, reading it in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def os_errors_as(error: type[SeqStudioError], where: Path) -> Iterator[None]:
    """Convert an OSError, such as a full disk or a missing permission, to an `error`.

    Raises
    ------
    error
        With the name of the file, or `where` if the OSError has none.
    """
    try:
        yield
    except OSError as cause:
        name = cause.filename or where
        reason = why_unreadable(cause)
        raise error(
            f"{name}: {reason}, expected a readable, writable path with free space"
        ) from cause


@contextlib.contextmanager
def atomic_folder(target: Path) -> Iterator[Path]:
    """Yield a temporary folder to fill; on exit, sync its files and rename it to `target`.

    Raises
    ------
    OSError
        If `target` exists and is not empty. An exception in the block removes the folder.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = new_temporary(target.parent)
    temporary.mkdir()
    try:
        yield temporary
        for path in sorted(temporary.iterdir()):
            sync_file(path)
        sync_file(temporary)
        temporary.rename(target)
        sync_file(target.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files and folders of killed processes: names that begin with a dot."""
    for path in folder.glob(".*"):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
