"""Reading a zip strictly: what two unpackers could read differently is refused by name."""

import hashlib
import io
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from seqstudio.errors import PluginError

UNPACKED_LIMIT = 2 * 2**30  # bytes of one wheel, unpacked
ENTRY_LIMIT = 20_000
NAME_LIMIT = 240  # bytes: what file systems and other platforms still take
CHUNK_BYTES = 2**20
DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, struct.error),
    *(EOFError, OSError, ValueError, NotImplementedError, RuntimeError),
)
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED = 0x1
END = b"PK\x05\x06"  # opens the last record of a zip
END_BYTES = 22  # of that record, without a comment


@dataclass(frozen=True, slots=True)
class Source:
    """A wheel's bytes: a file, or what was packed in memory from a folder at `path`."""

    path: Path
    packed: bytes = b""

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Open the bytes for reading.

        Raises
        ------
        PluginError
            If the file cannot be read.
        """
        if self.packed:
            yield io.BytesIO(self.packed)
            return
        try:
            there = self.path.stat()
            if not stat.S_ISREG(there.st_mode) or there.st_size > UNPACKED_LIMIT:
                wanted = f"a wheel, a file of at most {UNPACKED_LIMIT} bytes"
                raise PluginError(f"{self.path}: {there.st_size} bytes, expected {wanted}")
            stream = self.path.open("rb")
        except OSError as bad:
            raise PluginError(f"{self.path}: {bad.strerror}, expected a wheel") from bad
        with stream:
            yield stream

    @property
    def origin(self) -> Path:
        """The file, or the project that was packed."""
        return (self.path.parent if self.packed else self.path).absolute()

    def facts(self) -> tuple[str, int]:
        """Give sha256, in hexadecimal, and size in bytes."""
        with self.open() as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
            return digest, stream.seek(0, io.SEEK_END)


class Archive:
    """An open zip whose directory has been checked. Members are names of files, in order."""

    def __init__(self, archive: zipfile.ZipFile, where: str) -> None:
        self._archive = archive
        self._where = where
        entries = archive.infolist()
        check_directory(archive, entries, where)
        self.sizes = {entry.filename: entry.file_size for entry in entries if not entry.is_dir()}

    def read(self, name: str, limit: int) -> bytes:
        """Read a small member whole.

        Raises
        ------
        PluginError
            If it is larger than `limit` bytes, or damaged.
        """
        if (size := self.sizes[name]) > limit:
            raise PluginError(f"{self._where}: {name}: {size} bytes, expected at most {limit}")
        return b"".join(self.chunks(name))

    def chunks(self, name: str) -> Iterator[bytes]:
        """Give a member's bytes in pieces.

        Raises
        ------
        PluginError
            If it is damaged, or not what the directory says of it.
        """
        try:
            with self._archive.open(name) as stream:
                while chunk := stream.read(CHUNK_BYTES):
                    yield chunk
        except DAMAGED as bad:
            raise PluginError(f"{self._where}: {name}: {bad}, expected a sound member") from bad


@contextmanager
def open_archive(source: Source) -> Iterator[Archive]:
    """Open a zip and check its directory.

    Raises
    ------
    PluginError
        If it is no zip, or its directory breaks a rule; the text names file and member.
    """
    where = source.path.name
    with source.open() as stream:
        try:
            archive = zipfile.ZipFile(stream)
            stream.seek(-END_BYTES, io.SEEK_END)
            ends = stream.read(len(END)) == END
        except DAMAGED as bad:
            raise PluginError(f"{where}: {bad}, expected a wheel, which is a zip") from bad
        if not ends:
            raise PluginError(f"{where}: bytes behind the zip, expected none")
        with archive:
            yield Archive(archive, where)


def check_directory(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], where: str) -> None:
    """Check names, kinds and sizes as the central directory gives them."""
    if len(entries) > ENTRY_LIMIT:
        raise PluginError(f"{where}: {len(entries)} members, expected at most {ENTRY_LIMIT}")
    if (total := sum(entry.file_size for entry in entries)) > UNPACKED_LIMIT:
        raise PluginError(
            f"{where}: {total} bytes when unpacked, expected at most {UNPACKED_LIMIT}"
        )
    if min((entry.header_offset for entry in entries), default=0):
        raise PluginError(f"{where}: bytes before the zip, expected none")
    seen: dict[str, str] = {}
    for entry in entries:
        if fault := entry_fault(entry):
            raise PluginError(f"{where}: {entry.orig_filename!r}: {fault}")
        key = folded(entry.filename.rstrip("/"))
        if key in seen:
            raise PluginError(
                f"{where}: {entry.filename!r} and {seen[key]!r} would be one file, expected one"
            )
        seen[key] = entry.filename
    files = {folded(entry.filename) for entry in entries if not entry.is_dir()}
    for name in list(files):
        if under := next((parent for parent in parents(name) if parent in files), ""):
            raise PluginError(f"{where}: {name!r} lies under the file {under!r}, expected a folder")


def entry_fault(entry: zipfile.ZipInfo) -> str:
    """Say what is wrong with one member, or ''."""
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return "a link, expected a file"
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "a device, expected a file"
    if entry.flag_bits & ENCRYPTED:
        return "encrypted, expected plain data"
    if entry.compress_type not in METHODS:
        return f"compression {entry.compress_type}, expected stored or deflated"
    if entry.is_dir() and entry.file_size:
        return "a folder with bytes of its own, expected none"
    if entry.filename != entry.orig_filename:  # cut at a NUL, or named once more in a field
        return f"also named {entry.filename!r}, expected one name"
    return name_fault(entry.filename)


def name_fault(name: str) -> str:
    """Say what is wrong with a member's name, or ''.

    >>> name_fault("a/b.py"), name_fault("../b.py"), name_fault("/b.py")
    ('', "a name with '..', expected one below the top", 'an absolute name, expected a relative one')
    """  # noqa: E501 - the example's answer is one line
    parts = name.removesuffix("/").split("/")
    if name.startswith("/") or ":" in name:
        return "an absolute name, expected a relative one"
    if ".." in parts:
        return "a name with '..', expected one below the top"
    if "" in parts or "." in parts or "\\" in name:
        return "a name that is not plain, expected folders with '/' between them"
    if not name.isprintable() or len(name.encode()) > NAME_LIMIT:
        return f"an unprintable or long name, expected at most {NAME_LIMIT} bytes"
    if any(part.endswith((" ", ".")) for part in parts):
        return "a name that ends in a space or dot, expected one that every system keeps"
    return ""


def folded(name: str) -> str:
    """Give what a file system that ignores case and accents' form would take a name for."""
    return unicodedata.normalize("NFC", name).casefold()


def parents(name: str) -> Iterator[str]:
    """Give the folders that a name lies in."""
    parts = name.split("/")
    return ("/".join(parts[:end]) for end in range(1, len(parts)))
