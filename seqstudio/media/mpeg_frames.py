"""Walk the frames of an MP3, to know its length, and to mend a header that does not tell it [1]_.

References
----------
.. [1] ISO/IEC 11172-3 and 13818-3, frame headers; the frame count is that of Xing's header.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from seqstudio.media.audio_tags import tag_end
from seqstudio.media.spliced_file import Piece

KILOBITS = {  # (MPEG version 1, layer) -> by index, from 1
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
RATES_HZ = (44100, 48000, 32000)
SIDE_BYTES = {(True, 2): 32, (True, 1): 17, (False, 2): 17, (False, 1): 9}  # before a frame count
HEADER_KILOBITS = 9  # index of a rate whose frames have room for a frame count
PROBE_BYTES = 1 << 16  # the first frame begins within so many bytes after a tag
ROOM_BYTES = 256  # after the frames: an old tag; longer ones are walked over


class Header(NamedTuple):
    """What a frame header says."""

    length: int  # bytes of the frame
    samples: int
    rate_hz: int
    channels: int
    layer: int
    first_version: bool


@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive frames of one rate and one number of channels."""

    header: Header
    start: int  # byte of its first frame
    ranges: tuple[tuple[int, int], ...]
    frames: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MpegWalk:
    """All frames of a file."""

    stretches: tuple[Stretch, ...]
    counts: tuple[int, ...] = field(default=())  # frames, as the headers in the file count them

    @property
    def frames(self) -> int:
        """The number of frames with sound."""
        return sum(stretch.frames for stretch in self.stretches)

    @property
    def seconds(self) -> float:
        """Their length."""
        return sum(s.frames * s.header.samples / s.header.rate_hz for s in self.stretches)


def frame_header(data: bytes, at: int) -> Header | None:
    """Read the header of a frame; None where none begins, or its length is not declared."""
    head = data[at : at + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    kilobits, rate = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer == 4 or kilobits in (0, 15) or rate == 3:
        return None
    first = version == 3
    rate_hz = RATES_HZ[rate] // {3: 1, 2: 2, 0: 4}[version]
    samples = {1: 384, 2: 1152, 3: 1152 if first else 576}[layer]
    slot = 4 if layer == 1 else 1
    bits = KILOBITS[first, layer][kilobits - 1] * 1000
    length = (samples // (8 * slot) * bits // rate_hz + (head[2] >> 1 & 1)) * slot
    return Header(length, samples, rate_hz, 1 if head[3] >> 6 == 3 else 2, layer, first)


def frame_count(data: bytes, at: int, header: Header) -> tuple[int, int] | None:
    """Return the frames and bytes that a Xing header counts, 0 if it does not; None: no header."""
    start = at + 4 + SIDE_BYTES[header.first_version, header.channels]
    if data[start : start + 4] not in (b"Xing", b"Info"):
        return None
    flags, at = data[start + 7], start + 8
    frames = int.from_bytes(data[at : at + 4]) if flags & 1 else 0
    at += 4 * (flags & 1)
    return frames, int.from_bytes(data[at : at + 4]) if flags & 2 else 0


def first_frame(data: bytes, size: int) -> int:
    """Return the byte of the first frame, -1 if this is not an MP3."""
    at = tag_end(data, 0) or 0
    for start in range(at, min(at + PROBE_BYTES, size - 4)):
        if data[start] != 0xFF or not (header := frame_header(data, start)):
            continue
        after = frame_header(data, start + header.length)
        if after and after.rate_hz == header.rate_hz and after.layer == header.layer:
            return start
        if start == at:
            return -1  # it begins like a frame, but has no other
    return -1


def is_counted(data: bytes, at: int, size: int) -> bool:
    """Return whether the first frame counts the frames of all the file."""
    header = frame_header(data, at)
    counted = header and header.layer == 3 and frame_count(data, at, header)
    if not counted:
        return False
    frames, n_bytes = counted
    return bool(frames and n_bytes) and abs(at + n_bytes - size) <= ROOM_BYTES


def walk(data: bytes, at: int, size: int) -> MpegWalk:
    """Find all frames from byte `at` on, past tags and damaged bytes between them.

    Parameters
    ----------
    data : the file, as bytes or a memory map
    at : of the first frame
    size : of the file
    """
    found: list[tuple[int, Header]] = []
    counts: list[int] = []
    for start, header in _frames(data, at, size):
        if header.layer == 3 and (counted := frame_count(data, start, header)):
            counts.append(counted[0])
        else:
            found.append((start, header))
    kinds = groupby(found, lambda frame: frame[1][2:])
    stretches = tuple(_stretch(list(frames)) for _, frames in kinds)
    return MpegWalk(stretches=stretches, counts=tuple(counts))


def _frames(data: bytes, at: int, size: int) -> Iterator[tuple[int, Header]]:
    in_step = True
    while at < size - 4:
        header = frame_header(data, at)
        if header and at + header.length <= size:
            follows = at + header.length >= size - 4 or frame_header(data, at + header.length)
            if in_step or follows:
                yield at, header
                at, in_step = at + header.length, True
                continue
        after_tag = tag_end(data, at)
        at = after_tag or data.find(b"\xff", at + 1)
        in_step = False
        if at < 0:
            return


def _stretch(frames: Sequence[tuple[int, Header]]) -> Stretch:
    ranges: list[tuple[int, int]] = []
    for start, header in frames:
        if ranges and ranges[-1][1] == start:
            ranges[-1] = (ranges[-1][0], start + header.length)
        else:
            ranges.append((start, start + header.length))
    return Stretch(frames[0][1], frames[0][0], tuple(ranges), len(frames))


def with_frame_count(data: bytes, stretch: Stretch) -> tuple[Piece, ...]:
    """Return the pieces of an MP3 of one stretch that begins with a true count of its frames."""
    if stretch.header.layer != 3:
        return stretch.ranges
    head = bytearray(data[stretch.start : stretch.start + 4])
    head[1] |= 1  # no checksum
    head[2] = HEADER_KILOBITS << 4 | head[2] & 0x0C
    header = frame_header(bytes(head), 0)
    if header is None:  # impossible: one index of four was replaced by a valid one
        return stretch.ranges
    frame = bytes(head) + bytes(SIDE_BYTES[header.first_version, header.channels])
    frame += b"Info" + (1).to_bytes(4) + stretch.frames.to_bytes(4)
    return frame.ljust(header.length, b"\0"), *stretch.ranges
