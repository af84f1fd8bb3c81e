"""Read zip files strictly: anything that two unpackers could read differently is refused."""

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
NAME_LIMIT = 240  # bytes: what every file system and platform accepts
CHUNK_BYTES = 2**20
ZIP_ERRORS = (  # what `zipfile` raises for a damaged archive
    *(zipfile.BadZipFile, zlib.error, struct.error),
    *(EOFError, OSError, ValueError, NotImplementedError, RuntimeError),
)
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED = 0x1
END_SIGNATURE = b"PK\x05\x06"  # starts the end-of-central-directory record
END_BYTES = 22  # length of that record without a comment


@dataclass(frozen=True, slots=True)
class WheelSource:
    """The bytes of a wheel: a file, or a project that was packed in memory.

    Attributes
    ----------
    path : the wheel, or the path that a packed wheel would have in its project's folder
    packed : the packed wheel; empty for a file
    """

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
            found = self.path.stat()
            if not stat.S_ISREG(found.st_mode) or found.st_size > UNPACKED_LIMIT:
                expected = f"a wheel, a file of at most {UNPACKED_LIMIT} bytes"
                raise PluginError(f"{self.path}: {found.st_size} bytes, expected {expected}")
            stream = self.path.open("rb")
        except OSError as error:
            raise PluginError(f"{self.path}: {error.strerror}, expected a wheel") from error
        with stream:
            yield stream

    @property
    def origin(self) -> Path:
        """The wheel file, or the folder of the packed project."""
        return (self.path.parent if self.packed else self.path).absolute()

    def sha256_and_size(self) -> tuple[str, int]:
        """Return the sha256 in hexadecimal and the size in bytes."""
        with self.open() as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
            return digest, stream.seek(0, io.SEEK_END)


class Archive:
    """An open zip whose central directory has been checked.

    Attributes
    ----------
    sizes : name -> size in bytes, for every file in the zip, in order
    """

    def __init__(self, archive: zipfile.ZipFile, where: str) -> None:
        self._archive = archive
        self._where = where
        entries = archive.infolist()
        check_directory(archive, entries, where)
        self.sizes = {entry.filename: entry.file_size for entry in entries if not entry.is_dir()}

    def read(self, name: str, limit: int) -> bytes:
        """Read a whole member.

        Raises
        ------
        PluginError
            If it is larger than `limit` bytes, or damaged.
        """
        if (size := self.sizes[name]) > limit:
            raise PluginError(f"{self._where}: {name}: {size} bytes, expected at most {limit}")
        return b"".join(self.chunks(name))

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield a member's bytes in chunks.

        Raises
        ------
        PluginError
            If it is damaged, or does not match the central directory.
        """
        try:
            with self._archive.open(name) as stream:
                while chunk := stream.read(CHUNK_BYTES):
                    yield chunk
        except ZIP_ERRORS as error:
            raise PluginError(f"{self._where}: {name}: {error}, expected intact data") from error


@contextmanager
def open_archive(source: WheelSource) -> Iterator[Archive]:
    """Open a zip and check its central directory.

    Raises
    ------
    PluginError
        If it is not a zip, or its directory breaks a rule; the text names the file and member.
    """
    where = source.path.name
    with source.open() as stream:
        try:
            archive = zipfile.ZipFile(stream)
            stream.seek(-END_BYTES, io.SEEK_END)
            ends_properly = stream.read(len(END_SIGNATURE)) == END_SIGNATURE
        except ZIP_ERRORS as error:
            raise PluginError(f"{where}: {error}, expected a wheel, which is a zip") from error
        if not ends_properly:
            raise PluginError(f"{where}: bytes after the zip, expected none")
        with archive:
            yield Archive(archive, where)


def check_directory(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], where: str) -> None:
    """Check the names, types and sizes in the central directory."""
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
        normalized = normalize(entry.filename.rstrip("/"))
        if normalized in seen:
            raise PluginError(
                f"{where}: {entry.filename!r} and {seen[normalized]!r} would be one file,"
                f" expected different names"
            )
        seen[normalized] = entry.filename
    files = {normalize(entry.filename) for entry in entries if not entry.is_dir()}
    for name in list(files):
        if file := next((folder for folder in parent_folders(name) if folder in files), ""):
            raise PluginError(f"{where}: {name!r} is inside the file {file!r}, expected a folder")


def entry_fault(entry: zipfile.ZipInfo) -> str:
    """Return what is wrong with one member, or ''."""
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
        return "a folder with data, expected none"
    if entry.filename != entry.orig_filename:  # cut at a NUL, or renamed by an extra field
        return f"also named {entry.filename!r}, expected one name"
    return name_fault(entry.filename)


def name_fault(name: str) -> str:
    """Return what is wrong with a member's name, or ''.

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
        return "a name that ends in a space or dot, expected one that works on every system"
    return ""


def normalize(name: str) -> str:
    """Return a name as file systems compare it that ignore case and Unicode normalization."""
    return unicodedata.normalize("NFC", name).casefold()


def parent_folders(name: str) -> Iterator[str]:
    """Return the folders that contain a member, the outermost first."""
    parts = name.split("/")
    return ("/".join(parts[:end]) for end in range(1, len(parts)))
