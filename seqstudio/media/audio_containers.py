"""Find out whether a file of plain samples is shorter than it declares.

libsndfile decodes what is left of a truncated file and reports no error.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Literal

UNKNOWN_SIZE = 0x7FFF_F000  # writers to a pipe declare this size or more: the length was unknown
AFTER_AUDIO = (b"LIST", b"id3 ", b"ID3 ", b"bext", b"iXML", b"cue ", b"smpl", b"fact", b"JUNK")
LAST_CHUNKS_BYTES = 1 << 20  # at most, at the end of a wav

Order = Literal["little", "big"]


@dataclass(frozen=True, slots=True)
class Cut:
    """How many bytes of samples a file declares but lacks, and how many it has.

    `patch` is a byte offset and bytes that declare what there is, for the format whose decoder
    refuses a cut file.
    """

    missing: int
    held: int
    patch: tuple[int, bytes] | None = None


def find_cut(file: BinaryIO, size: int) -> Cut | None:
    """Find what is missing at the end of a wav, w64, aiff, au or caf file; None if it is whole.

    Files in other formats count as whole.
    """
    file.seek(0)
    head = file.read(24)
    start = end = 0
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        start, end = _chunk(file, "little", b"data")
    elif head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        start, end = _chunk(file, "big", b"SSND")
    elif head[:4] in (b".snd", b"dns."):
        order: Order = "big" if head[:4] == b".snd" else "little"
        start, length = (int.from_bytes(head[at : at + 4], order) for at in (4, 8))
        end = start + length if length < UNKNOWN_SIZE else 0
    elif head[:4] == b"riff":
        start, end = _long_chunk(_w64_chunks(file, size))
    elif head[:4] == b"caff":
        start, end = _long_chunk(_caf_chunks(file, size))
    if end <= size:
        return None
    held = max(0, size - start)
    return Cut(end - size, held, (start - 8, held.to_bytes(8)) if head[:4] == b"caff" else None)


def _chunk(file: BinaryIO, order: Order, wanted: bytes) -> tuple[int, int]:
    """Return where the audio should start and end; 0 for an end that is not declared."""
    long_size = 0
    file.seek(12)
    while len(head := file.read(8)) == 8:
        size = int.from_bytes(head[4:], order)
        start = file.tell()
        if head[:4] == b"ds64":  # of RF64, whose own sizes have only 32 bits
            long_size = int.from_bytes(file.read(16)[8:], "little")
        if head[:4] == wanted:
            length = long_size or size
            return start, start + length if long_size or length < UNKNOWN_SIZE else 0
        file.seek(start + size + size % 2)
    return 0, 0


def _long_chunk(chunks: Iterator[tuple[bytes, int, int]]) -> tuple[int, int]:
    """Return where the chunk `data` starts and ends."""
    for kind, start, end in chunks:
        if kind == b"data":
            return start, end
    return 0, 0


def _w64_chunks(file: BinaryIO, size: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield the chunks of a Sony Wave64 file; a size includes the chunk's head of 24 bytes."""
    at = 40
    while at < size:
        file.seek(at)
        head = file.read(24)
        length = int.from_bytes(head[16:], "little")
        yield head[:4], at + 24, at + length
        at += max(length + 7 & ~7, 24)


def _caf_chunks(file: BinaryIO, size: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield the chunks of a Core Audio file; a size of -1 lasts to the end of the file."""
    at = 8
    while at < size:
        file.seek(at)
        head = file.read(12)
        length = int.from_bytes(head[4:], "big", signed=True)
        end = at + 12 + length if length >= 0 else size
        yield head[:4], at + 12, end
        at = max(end, at + 12)


def unsized_wav(file: BinaryIO) -> tuple[int, bytes] | None:
    """Return a patch for a wav whose writer never filled in the size of the audio.

    Returns
    -------
    byte offset and the size of the audio, which lasts to the chunks at the end of the file, or to
    its end; None for files of any other kind
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(12)
    if head[:4] == b"RIFF" and head[8:] == b"WAVE":
        while len(head := file.read(8)) == 8:
            start, length = file.tell(), int.from_bytes(head[4:], "little")
            if head[:4] == b"data":
                if length and length < UNKNOWN_SIZE:
                    break
                audio = _start_of_last_chunks(file, start, size) - start
                return start - 4, audio.to_bytes(4, "little")
            file.seek(start + length + length % 2)
    return None


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
