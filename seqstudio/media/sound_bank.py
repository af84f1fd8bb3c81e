"""Sound banks (SoundFonts): where the default one is, what a file says of itself, and reading.

The default bank is the General MIDI bank TimGM6mb by Tim Brechbill, under the GNU GPL version 2
(see Debian's package timgm6mb-soundfont). It is in the wheel of pretty_midi and is used from there.
"""

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from seqstudio.contracts.unreadable import why_unreadable
from seqstudio.errors import DataError

DEFAULT_PACKAGE, DEFAULT_FILE = "pretty_midi", "TimGM6mb.sf2"
DEFAULT_LICENCE = "by Tim Brechbill, GNU GPL version 2, from the package pretty_midi"
NAME, COPYRIGHT = b"INAM", b"ICOP"
MAX_BYTES = 1 << 30


def default_bank() -> Path | None:
    """Return the General MIDI bank that pretty_midi brings; None if it is not there."""
    found = importlib.util.find_spec(DEFAULT_PACKAGE)
    if found is None or found.origin is None:
        return None
    path = Path(found.origin).with_name(DEFAULT_FILE)
    return path if path.is_file() else None


@dataclass(frozen=True, slots=True)
class RiffChunk:
    """A chunk of a RIFF file; that of a list has its kind first in `data`."""

    kind: bytes
    data: memoryview

    def parts(self) -> "dict[bytes, RiffChunk]":
        """Return the chunks in this list, by kind."""
        return {chunk.kind: chunk for chunk in riff_chunks(self.data[4:])}


def riff_chunks(data: memoryview) -> Iterator[RiffChunk]:
    """Yield the chunks of a RIFF file's content.

    Raises
    ------
    ValueError
        If one is cut short.
    """
    at = 0
    while at + 8 <= len(data):
        kind, size = bytes(data[at : at + 4]), int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + size > len(data):
            raise ValueError(f"chunk {kind!r} cut short at byte {at}")
        yield RiffChunk(kind, data[at + 8 : at + 8 + size])
        at += 8 + size + size % 2


@dataclass(frozen=True)
class SoundBank:
    """A sound bank in memory."""

    path: Path
    content: bytes

    @classmethod
    def read(cls, path: Path) -> "SoundBank":
        """Read a sound bank.

        Raises
        ------
        DataError
            If the file cannot be read, or is no SoundFont.
        """
        try:
            size = path.stat().st_size
            content = path.read_bytes() if size <= MAX_BYTES else b""
        except OSError as error:
            raise DataError(
                f"{path}: {why_unreadable(error)}, expected a SoundFont (sf2, sf3)"
            ) from error
        if size > MAX_BYTES:
            raise DataError(f"{path}: {size} bytes, expected at most {MAX_BYTES}")
        bank = cls(path, content)
        if content[:4] != b"RIFF" or content[8:12] != b"sfbk":
            raise DataError(
                f"{path}: begins with {content[:12]!r}, expected a SoundFont (sf2, sf3)"
            )
        _ = bank.lists
        return bank

    @cached_property
    def lists(self) -> dict[bytes, RiffChunk]:
        """The three lists of the bank by kind: `INFO`, `sdta` and `pdta`.

        Raises
        ------
        DataError
            If one is missing, or the file is cut short.
        """
        try:
            chunks = list(riff_chunks(memoryview(self.content)[12:]))
        except ValueError as error:
            raise DataError(f"{self.path}: {error}, expected a whole SoundFont") from error
        found = {bytes(chunk.data[:4]): chunk for chunk in chunks if chunk.kind == b"LIST"}
        for kind in (b"INFO", b"sdta", b"pdta"):
            if kind not in found:
                raise DataError(f"{self.path}: no list {kind.decode()}, expected a SoundFont")
        return found

    @property
    def description(self) -> str:
        """The name of the bank and its copyright, as the file states them, or those we know."""
        parts = self.lists[b"INFO"].parts()
        texts = [
            bytes(parts[kind].data).rstrip(b"\0").decode("latin-1").strip()
            for kind in (NAME, COPYRIGHT)
            if kind in parts
        ]
        licence = [DEFAULT_LICENCE] if self.path == default_bank() else []
        return ", ".join([*filter(None, texts), *licence]) or self.path.name
