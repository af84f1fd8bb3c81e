"""Reading damaged MIDI files: what can be played is read, and each mend is reported in one line.

A file in which nothing is wrong passes unchanged, byte for byte.
"""

from collections.abc import Iterator
from typing import NamedTuple

from seqstudio.errors import DataError
from seqstudio.media.midi_events import (
    HEADER,
    NOTE_OFF,
    SYSEX,
    TRACK,
    Chunk,
    Chunks,
    Event,
    scan_events,
    split_chunks,
)

RIFF, RMID = b"RIFF", b"RMID"
HEADER_BYTES = 14  # with its kind and length


class RecoveredTrack(NamedTuple):
    """A track chunk that can be read: its bytes, its events, and how it was mended."""

    data: bytes
    events: tuple[Event, ...]
    mends: tuple[str, ...]


def recover_chunks(content: bytes, name: str) -> tuple[Chunks, tuple[str, ...]]:
    """Split a file into chunks, and mend what keeps a strict reader from doing so.

    A RIFF wrapper is removed. A track whose length is wrong ends at its end of track, or where the
    next track begins. Bytes that belong to no chunk are skipped.

    Returns
    -------
    the chunks, and one line for each mend

    Raises
    ------
    DataError
        If this is no MIDI file, holds no track, or is of an unsupported kind.
    """
    try:
        return split_chunks(content, name), ()
    except DataError:
        start = content.find(HEADER)
        if start < 0 or TRACK not in content[start + HEADER_BYTES :]:
            raise
    mends = []
    if start:
        content, mend = _unwrapped(content, start)
        mends.append(mend)
        try:
            return split_chunks(content, name), tuple(mends)
        except DataError:
            pass  # damaged inside the wrapper, too
    header = _checked_header(content, name)
    first = content.find(TRACK)
    if first > HEADER_BYTES:
        mends.append(f"{first - HEADER_BYTES} bytes after the header skipped")
    if (size := int.from_bytes(content[4:8])) != len(header.data):
        mends.append(f"the header's length says {size} bytes, {len(header.data)} were read")
    body: list[Chunk] = []
    for part in _parts(content, first):
        if isinstance(part, Chunk):
            body.append(part)
        else:
            mends.append(part)
    return Chunks(header, tuple(body)), tuple(mends)


def _checked_header(content: bytes, name: str) -> Chunk:
    """Return the header of a damaged file; refuse an unsupported kind, as `split_chunks` does."""
    size = min(int.from_bytes(content[4:8]), HEADER_BYTES - 8)
    data = content[8 : 8 + size]
    alone = data[:2] + bytes(2) + data[4:]  # without its count of tracks
    split_chunks(Chunk(HEADER, alone).to_bytes() + Chunk(TRACK, b"").to_bytes(), name)
    return Chunk(HEADER, data)


def recover_track(data: bytes) -> RecoveredTrack:
    """Read the events of a track chunk; values over 127 are clipped, the rest of it is cut off."""
    scan = scan_events(data)
    mends = []
    if scan.clipped:
        patched = bytearray(data)
        for event in scan.events:
            if NOTE_OFF <= event.status < SYSEX:
                patched[event.end - len(event.data) : event.end] = event.data
        data = bytes(patched)
        count, (offset, value) = len(scan.clipped), scan.clipped[0]
        mends.append(f"{count} values over 127 clipped, the first {value} at byte {offset}")
    if scan.reason:
        data = data[: scan.stopped_at]
        mends.append(f"cut off at byte {scan.stopped_at}: {scan.reason}")
    return RecoveredTrack(data, scan.events, tuple(mends))


def _unwrapped(content: bytes, start: int) -> tuple[bytes, str]:
    """Remove what stands before the header: a RIFF wrapper, or bytes that are no part of it."""
    if content[:4] == RIFF and content[8:12] == RMID:
        size = int.from_bytes(content[start - 4 : start], "little")
        return content[start : start + size], "a RIFF wrapper removed"
    return content[start:], f"{start} bytes before the header skipped"


def _parts(content: bytes, at: int) -> Iterator[Chunk | str]:
    """Yield the chunks of a damaged file from its first track on, and lines about mends."""
    number = 0
    while 0 <= at < len(content):
        kind, size = content[at : at + 4], int.from_bytes(content[at + 4 : at + 8])
        end = at + 8 + size
        if kind != TRACK:
            if kind.isalpha() and kind.isascii() and end <= len(content):
                yield Chunk(kind, content[at + 8 : end])
            else:
                end = _next_track(content, at)
                yield f"{end - at} bytes between tracks skipped"
            at = end
            continue
        number += 1
        if not _ends_at(content, end):
            limit = _next_track(content, at + 4)
            data = content[at + 8 : limit]
            scan = scan_events(data)
            used = scan.events[-1].end if scan.events and not scan.reason else len(data)
            if used != size:
                yield f"track {number}: its length says {size} bytes, {used} were found"
            end = at + 8 + used
        yield Chunk(TRACK, content[at + 8 : end])
        at = end


def _ends_at(content: bytes, end: int) -> bool:
    """Return whether a chunk may end here: at the end of the file, or before another track."""
    return end == len(content) or content[end : end + 4] == TRACK


def _next_track(content: bytes, at: int) -> int:
    found = content.find(TRACK, at)
    return len(content) if found < 0 else found
