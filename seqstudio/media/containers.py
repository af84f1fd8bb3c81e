"""Whether a recording is whole: the decoder plays what is left of a cut file without a word."""

from pathlib import Path
from typing import BinaryIO

UNKNOWN = 0x7FFF_F000  # writers to a pipe give this size or more: the length was not known
OGG_TAIL = 1 << 17  # an Ogg page has at most 65,307 bytes
LAST_PAGE = 4  # flag of an Ogg page
MPEG_HEAD = 4096  # after its ID3 tag, the first frame lies within so many bytes


def what_is_missing(file: BinaryIO, size: int) -> str:
    """Say what a wav, aiff or ogg file of `size` bytes lacks at its end, "" if nothing."""
    file.seek(0)
    head = file.read(12)
    lacking = 0
    if head[:4] in (b"RIFF", b"RF64") and head[8:] == b"WAVE":
        lacking = _sound_end(file, "little", b"data") - size
    elif head[:4] == b"FORM" and head[8:] in (b"AIFF", b"AIFC"):
        lacking = _sound_end(file, "big", b"SSND") - size
    elif head[:4] == b"OggS":
        return _ogg_fault(file, size)
    return f"{lacking} bytes are missing at its end" if lacking > 0 else ""


def _sound_end(file: BinaryIO, order: str, wanted: bytes) -> int:
    """Give the byte at which the sound should end; 0 where the header does not say."""
    long_size = 0
    while len(head := file.read(8)) == 8:
        size = int.from_bytes(head[4:], "little" if order == "little" else "big")
        start = file.tell()
        if head[:4] == b"ds64":  # of RF64, whose own sizes have only 32 bits
            long_size = int.from_bytes(file.read(16)[8:], "little")
        if head[:4] == wanted:
            length = long_size or size
            return start + length if long_size or length < UNKNOWN else 0
        file.seek(start + size + size % 2)
    return 0


def _ogg_fault(file: BinaryIO, size: int) -> str:
    file.seek(max(0, size - OGG_TAIL))
    tail = file.read()
    at = tail.rfind(b"OggS")
    if at < 0 or len(tail) < at + 27 or not tail[at + 5] & LAST_PAGE:
        return "its last page is missing"
    lengths = tail[at + 27 : at + 27 + tail[at + 26]]
    lacking = at + 27 + tail[at + 26] + sum(lengths) - len(tail)
    return f"{lacking} bytes of its last page are missing" if lacking > 0 else ""


def mp3_counts_frames(path: Path) -> bool:
    """Say whether an mp3 holds the count of its frames: else its length is an estimate."""
    with path.open("rb") as file:
        head = file.read(10)
        if head[:3] == b"ID3":
            size = sum(part << shift for part, shift in zip(head[6:], (21, 14, 7, 0), strict=True))
            file.seek(10 + size)
        first = head + file.read(MPEG_HEAD)
    return b"Xing" in first or b"Info" in first
