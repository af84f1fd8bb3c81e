"""Reading the files of a bundle from a folder or a zip, with checks for unsafe ones. Torch-free."""

import contextlib
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from seqstudio.errors import ModelError
from seqstudio.services.atomic_files import os_errors_as

SIZE_LIMIT = 4 * 2**30  # bytes of one bundle


class BundleReader(Protocol):
    """Reads the files of one bundle."""

    sizes: dict[str, int]  # name -> bytes

    def read(self, name: str, *, limit: int | None = None) -> bytes:
        """Read a file, or its first `limit` bytes."""


class FolderReader:
    """Reads a bundle that is a folder of regular files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()  # a run replaces its `model` link, not the target
        self.sizes: dict[str, int] = {}
        for path in sorted(self._folder.iterdir()):
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                raise ModelError(f"{folder}: {path.name} is a link, expected a file")
            if not stat.S_ISREG(mode):
                raise ModelError(f"{folder}: {path.name} is not a file, expected only files")
            self.sizes[path.name] = path.stat().st_size

    def read(self, name: str, *, limit: int | None = None) -> bytes:
        """Read a file, or its first `limit` bytes."""
        with (self._folder / name).open("rb") as file:
            return file.read(-1 if limit is None else limit)


class ZipReader:
    """Reads a bundle that is a zip file whose entries are stored, not compressed."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.sizes: dict[str, int] = {}
        for entry in archive.infolist():
            _check_entry(entry, path)
            if entry.filename in self.sizes:
                raise ModelError(f"{path}: {entry.filename} appears twice, expected once")
            self.sizes[entry.filename] = entry.file_size
        if (total := sum(self.sizes.values())) > path.stat().st_size:
            raise ModelError(f"{path}: entries of {total} bytes, expected less than the file's")

    def read(self, name: str, *, limit: int | None = None) -> bytes:
        """Read a file, or its first `limit` bytes."""
        with self._archive.open(name) as file:
            return file.read(-1 if limit is None else limit)


def _check_entry(entry: zipfile.ZipInfo, path: Path) -> None:
    name = entry.filename
    if name.startswith(("/", "\\")) or ":" in name or ".." in name.replace("\\", "/").split("/"):
        raise ModelError(f"{path}: entry {name!r} leads outside, expected a plain file name")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise ModelError(f"{path}: {name} is a link, expected a file")
    if entry.flag_bits & 1:
        raise ModelError(f"{path}: {name} is encrypted, expected plain")
    if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size:
        raise ModelError(f"{path}: {name} is compressed, expected stored entries (zip -0)")


@contextlib.contextmanager
def open_bundle(path: Path) -> Iterator[BundleReader]:
    """Open a bundle for reading.

    Raises
    ------
    ModelError
        If there is no bundle at `path`, or it has links, folders, paths that lead outside,
        compressed or duplicate entries, or more than 4 GiB.
    """
    with os_errors_as(ModelError, path):
        yield from _open(path)


def _open(path: Path) -> Iterator[BundleReader]:
    if path.is_dir():
        yield _limited(FolderReader(path), path)
        return
    if not path.is_file():
        raise ModelError(f"{path}: not there, expected a model's folder or .seqmodel file")
    try:
        with zipfile.ZipFile(path) as archive:
            yield _limited(ZipReader(path, archive), path)
    except zipfile.BadZipFile as error:
        with path.open("rb") as file:
            pickled = file.read(1) == b"\x80"
        what = "a pickle, which is never opened" if pickled else f"no bundle ({error})"
        raise ModelError(f"{path}: {what}, expected a folder or a .seqmodel file") from error


def _limited(reader: BundleReader, path: Path) -> BundleReader:
    if (total := sum(reader.sizes.values())) > SIZE_LIMIT:
        raise ModelError(f"{path}: {total} bytes, expected at most {SIZE_LIMIT}")
    return reader
