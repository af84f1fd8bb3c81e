"""A file as a decoder is to see it: parts of a file on disk, and bytes put between them."""

import io
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, BinaryIO, TypeAlias

Piece: TypeAlias = bytes | tuple[int, int]  # new bytes, or a half-open range of the file's


class SplicedFile(io.RawIOBase):
    """Reads pieces one after another as if they were one file.

    Parameters
    ----------
    raw : the file that ranges refer to; read from one place at a time
    pieces : bytes, and ranges of `raw`
    """

    def __init__(self, raw: BinaryIO, pieces: Sequence[Piece]) -> None:
        super().__init__()
        self._raw = raw
        self._pieces = tuple(piece for piece in pieces if _length(piece))
        self._starts = list(accumulate(map(_length, self._pieces), initial=0))
        self._at = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a byte."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._starts[-1]}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """Return the current byte."""
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer, to the end of a piece at most; return the number of bytes."""
        if self._at >= self._starts[-1]:
            return 0
        number = bisect_right(self._starts, self._at) - 1
        piece, inside = self._pieces[number], self._at - self._starts[number]
        wanted = min(len(buffer), _length(piece) - inside)
        if isinstance(piece, bytes):
            content = piece[inside : inside + wanted]
        else:
            self._raw.seek(piece[0] + inside)
            content = self._raw.read(wanted)
        buffer[: len(content)] = content
        self._at += len(content)
        return len(content)


def patched(size: int, at: int, patch: bytes) -> tuple[Piece, ...]:
    """Return the pieces of a file of `size` bytes, of which those from `at` on are replaced."""
    return (0, at), patch, (at + len(patch), size)


def _length(piece: Piece) -> int:
    return len(piece) if isinstance(piece, bytes) else piece[1] - piece[0]
