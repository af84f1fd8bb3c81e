"""Check audio containers: find truncated wav, aiff and ogg files, and mp3s without a frame count.

libsndfile decodes what is left of a truncated file and reports no error.
"""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

UNKNOWN_SIZE = 0x7FFF_F000  # writers to a pipe declare this size or more: the length was unknown
OGG_TAIL_BYTES = 1 << 17  # an Ogg page has at most 65,307 bytes
LAST_PAGE = 4  # flag of an Ogg page
AFTER_AUDIO = (b"LIST", b"id3 ", b"ID3 ", b"bext", b"iXML", b"cue ", b"smpl", b"fact", b"JUNK")
LAST_CHUNKS_BYTES = 1 << 20  # at most, at the end of a wav
MPEG_HEAD_BYTES = 4096  # the first frame lies within this many bytes after the ID3 tag


def truncation(file: BinaryIO, size: int) -> str:
    """Describe what is missing at the end of a wav, aiff or ogg file of `size` bytes; "" if whole.

    Files in other formats count as whole.
    """
    file.seek(0)
    head = file.read(12)
    missing = 0
    if head[:4] in (b"RIFF", b"RF64") and head[8:] == b"WAVE":
        missing = _audio_end(file, "little", b"data") - size
    elif head[:4] == b"FORM" and head[8:] in (b"AIFF", b"AIFC"):
        missing = _audio_end(file, "big", b"SSND") - size
    elif head[:4] == b"OggS":
        return _ogg_truncation(file, size)
    return f"{missing} bytes are missing at its end" if missing > 0 else ""


def _audio_end(file: BinaryIO, order: str, wanted: bytes) -> int:
    """Return the byte where the audio chunk should end; 0 if the header does not declare it."""
    long_size = 0
    while len(head := file.read(8)) == 8:
        size = int.from_bytes(head[4:], "little" if order == "little" else "big")
        start = file.tell()
        if head[:4] == b"ds64":  # of RF64, whose own sizes have only 32 bits
            long_size = int.from_bytes(file.read(16)[8:], "little")
        if head[:4] == wanted:
            length = long_size or size
            return start + length if long_size or length < UNKNOWN_SIZE else 0
        file.seek(start + size + size % 2)
    return 0


class PatchedFile(io.RawIOBase):
    """A file of which a few bytes are read otherwise than they are on the disk."""

    def __init__(self, raw: BinaryIO, patches: Mapping[int, bytes]) -> None:
        super().__init__()
        self._raw, self._patches = raw, patches

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a byte."""
        return self._raw.seek(offset, whence)

    def tell(self) -> int:
        """Return the current byte."""
        return self._raw.tell()

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer; return the number of bytes."""
        start = self._raw.tell()
        content = bytearray(self._raw.read(len(buffer)))
        for at, patch in self._patches.items():
            first, last = max(at, start), min(at + len(patch), start + len(content))
            if first < last:
                content[first - start : last - start] = patch[first - at : last - at]
        buffer[: len(content)] = content
        return len(content)


def unsized_wav(file: BinaryIO) -> dict[int, bytes]:
    """Return patches for a wav whose writer never filled in the size of the audio.

    Returns
    -------
    byte offset -> the size of the audio, which lasts to the chunks at the end of the file, or to
    its end; {} for files of any other kind
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    head = file.read(12)
    if head[:4] == b"RIFF" and head[8:] == b"WAVE":
        while len(head := file.read(8)) == 8:
            start, length = file.tell(), int.from_bytes(head[4:], "little")
            if head[:4] == b"data":
                if length and length < UNKNOWN_SIZE:
                    break
                audio = _start_of_last_chunks(file, start, size) - start
                return {start - 4: audio.to_bytes(4, "little")}
            file.seek(start + length + length % 2)
    return {}


def _start_of_last_chunks(file: BinaryIO, start: int, end: int) -> int:
    """Return where the chunks begin that follow the audio up to the end of the file."""
    first = max(start, end - LAST_CHUNKS_BYTES)
    file.seek(first)
    content = file.read(end - first)
    stop = len(content)
    while stop:
        for kind in AFTER_AUDIO:
            at = content.rfind(kind, 0, stop)
            length = int.from_bytes(content[at + 4 : at + 8], "little")
            if at >= 0 and at + 8 + length + length % 2 in (stop, stop + 1):
                stop = at
                break
        else:
            break
    return first + stop


def _ogg_truncation(file: BinaryIO, size: int) -> str:
    file.seek(max(0, size - OGG_TAIL_BYTES))
    tail = file.read()
    at = tail.rfind(b"OggS")
    if at < 0 or len(tail) < at + 27 or not tail[at + 5] & LAST_PAGE:
        return "its last page is missing"
    lengths = tail[at + 27 : at + 27 + tail[at + 26]]
    missing = at + 27 + tail[at + 26] + sum(lengths) - len(tail)
    return f"{missing} bytes of its last page are missing" if missing > 0 else ""


def mp3_has_frame_count(path: Path) -> bool:
    """Return whether an mp3 has a header with its frame count; if not, its length is estimated."""
    with path.open("rb") as file:
        head = file.read(10)
        if head[:3] == b"ID3":
            size = sum(part << shift for part, shift in zip(head[6:], (21, 14, 7, 0), strict=True))
            file.seek(10 + size)
        first = head + file.read(MPEG_HEAD_BYTES)
    return b"Xing" in first or b"Info" in first
