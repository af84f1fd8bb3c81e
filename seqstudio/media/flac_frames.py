"""Find the last frame of a FLAC file, which tells how many samples there really are (RFC 9639)."""

from collections.abc import Iterator
from dataclasses import dataclass

from seqstudio.media.audio_tags import tag_end

TAIL_BYTES = 1 << 17  # the last frame begins within so many bytes of the end
TRAILER = b"TAG"  # an ID3 tag of 128 bytes that some programs append
BLOCK_SIZES = {1: 192, **{n: 144 << n for n in range(2, 6)}, **{n: 1 << n for n in range(8, 16)}}


@dataclass(frozen=True, slots=True)
class FlacEnd:
    """Where a file's samples end."""

    total_at: int  # byte of the five bytes whose last 36 bits are the declared total
    declared: int  # samples; 0 is unknown
    rate_hz: int
    last_start: int  # samples before the last frame
    last: int  # samples with it; 0: not found
    is_whole: bool  # the file ends with that frame


def find_end(data: bytes, size: int) -> FlacEnd | None:
    """Read the header and the last frame of a FLAC file; None if it is none.

    Parameters
    ----------
    data : the file, as bytes or a memory map
    size : of the file
    """
    at = tag_end(data, 0) or 0
    if data[at : at + 4] != b"fLaC" or size < at + 42:
        return None
    info = data[at + 8 : at + 42]
    block = int.from_bytes(info[:2])
    declared = int.from_bytes(info[13:18]) & (1 << 36) - 1
    end = size - 128 if data[size - 128 : size - 125] == TRAILER else size
    rate_hz = max(int.from_bytes(info[10:13]) >> 4, 1)
    return FlacEnd(
        at + 21, declared, rate_hz, *_last_frame(data[max(at + 42, end - TAIL_BYTES) : end], block)
    )


def total_bytes(data: bytes, end: FlacEnd, total: int) -> bytes:
    """Return the five bytes of the header that declare a total, with another one."""
    kept = data[end.total_at] & 0xF0
    return bytes([kept | total >> 32 & 0x0F]) + (total & 0xFFFFFFFF).to_bytes(4)


def _last_frame(tail: bytes, block: int) -> tuple[int, int, bool]:
    """Return the samples before and with the last frame that begins in `tail`, and its wholeness.

    A frame that is not whole has its header only.
    """
    for at in _candidates(tail):
        if found := _frame(tail, at, block):
            first, length = found
            return first, first + length, _crc16(tail[at:]) == 0  # it ends with its checksum
    return 0, 0, False


def _candidates(tail: bytes) -> Iterator[int]:
    """Yield where a frame may begin, from the end on."""
    at = len(tail)
    while (at := tail.rfind(b"\xff", 0, at)) >= 0:
        if tail[at + 1 : at + 2] in (b"\xf8", b"\xf9"):
            yield at


def _frame(tail: bytes, at: int, block: int) -> tuple[int, int] | None:
    """Return the first sample and the length of a frame; None if its header is none."""
    head = tail[at : at + 16]
    if len(head) < 6 or head[3] & 1 or not head[2] >> 4 or head[2] & 15 == 15:
        return None
    number, used = _coded_number(head[4:])
    if used == 0:
        return None
    size_code, rate_code = head[2] >> 4, head[2] & 15
    after = 4 + used
    length = BLOCK_SIZES.get(size_code, 0)
    if size_code in (6, 7):
        width = size_code - 5
        length = int.from_bytes(head[after : after + width]) + 1
        after += width
    after += {12: 1, 13: 2, 14: 2}.get(rate_code, 0)
    if after >= len(head) or _crc8(head[:after]) != head[after]:
        return None
    return (number if head[1] & 1 else number * block), length


def _coded_number(data: bytes) -> tuple[int, int]:
    """Read a number in the manner of UTF-8; return it and its bytes, 0 if it is none."""
    first = data[0]
    if first < 0x80:
        return first, 1
    used = 8 - (first ^ 0xFF).bit_length()
    if not 2 <= used <= 7 or len(data) < used:
        return 0, 0
    number = first & (1 << 7 - used) - 1
    for byte in data[1:used]:
        if byte >> 6 != 2:
            return 0, 0
        number = number << 6 | byte & 0x3F
    return number, used


def _crc8(data: bytes) -> int:
    value = 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value << 1 ^ (0x07 if value & 0x80 else 0)) & 0xFF
    return value


def _crc16(data: bytes) -> int:
    value = 0
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ (0x8005 if value & 0x8000 else 0)) & 0xFFFF
    return value
