"""Parse and write the bytes of Standard MIDI Files: chunks, and events with their byte spans [1]_.

mido expands running status and drops the byte position of each event, so an unedited file would be
written differently. Here the bytes of a chunk are authoritative, and events are derived from them.

References
----------
.. [1] MIDI Association, "Standard MIDI Files 1.0", RP-001.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from seqstudio.errors import DataError

NOTE_OFF, NOTE_ON, POLY_PRESSURE, CONTROL = 0x80, 0x90, 0xA0, 0xB0
PROGRAM, PRESSURE, BEND = 0xC0, 0xD0, 0xE0
SYSEX, ESCAPE, META = 0xF0, 0xF7, 0xFF
TRACK_NAME, END_OF_TRACK, TEMPO, METER, KEY = 0x03, 0x2F, 0x51, 0x58, 0x59
HEADER, TRACK = b"MThd", b"MTrk"
DRUM_CHANNEL = 9


class Event(NamedTuple):
    """One event: `data` is the payload, without status, type and length bytes."""

    tick: int
    status: int  # 0x80 to 0xEF channel messages, 0xF0 and 0xF7 sysex, 0xFF meta
    data: bytes
    meta: int = -1  # the type of a meta event
    start: int = -1  # byte span in the chunk, including the delta time; -1: not from a file
    end: int = -1

    @property
    def kind(self) -> int:
        """The status of a channel message without its channel; the status of any other event."""
        return self.status & 0xF0 if self.status < SYSEX else self.status

    @property
    def channel(self) -> int:
        """The channel of a channel message, 0 to 15."""
        return self.status & 0x0F


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk of the file, unparsed."""

    kind: bytes
    data: bytes

    def to_bytes(self) -> bytes:
        """Return kind, length and content."""
        return self.kind + len(self.data).to_bytes(4) + self.data


def header_chunk(tracks: int, ticks_per_beat: int) -> Chunk:
    """Return the header of a file of type 1."""
    return Chunk(HEADER, b"".join(field.to_bytes(2) for field in (1, tracks, ticks_per_beat)))


@dataclass(frozen=True, slots=True)
class Chunks:
    """A whole file: its header, the chunks after it, and trailing bytes that form no chunk."""

    header: Chunk
    body: tuple[Chunk, ...]
    tail: bytes = b""


def split_chunks(content: bytes, name: str) -> Chunks:
    """Split a file into chunks.

    Parameters
    ----------
    content : all bytes of the file
    name : file name, for error messages

    Raises
    ------
    DataError
        If this is not a MIDI file, is truncated, holds no track, or is of an unsupported kind
        (type 2 or SMPTE time, which have no single timeline in beats).
    """
    if not content:
        raise DataError(f"{name}: empty file (0 bytes), expected a MIDI file")
    if content[:4] != HEADER:
        start = content[:4].decode("latin-1")
        raise DataError(f"{name}: begins with {start!r}, expected a MIDI file ('MThd')")
    size = int.from_bytes(content[4:8])
    if len(content) < 14 or len(content) < 8 + size:
        raise DataError(
            f"{name}: {len(content)} bytes, cut short in the header, expected 14 or more"
        )
    header = Chunk(HEADER, content[8 : 8 + size])
    declared = _check_header(header, name)
    body, at = _body(content, 8 + size, declared, name)
    found = sum(chunk.kind == TRACK for chunk in body)
    if found < max(declared, 1):
        wanted = f"{declared} as its header says" if declared else "at least 1"
        raise DataError(f"{name}: cut short after {found} tracks, expected {wanted}")
    return Chunks(header, tuple(body), content[at:])


def _check_header(header: Chunk, name: str) -> int:
    if len(header.data) < 6:
        raise DataError(f"{name}: header of {len(header.data)} bytes, expected 6")
    kind, tracks, division = (int.from_bytes(header.data[n : n + 2]) for n in (0, 2, 4))
    if kind > 1:
        raise DataError(f"{name}: MIDI type {kind}, expected type 0 or 1 (one line of time)")
    if division & 0x8000:
        frames = 256 - (division >> 8)
        raise DataError(
            f"{name}: SMPTE time, {frames} frames a second, expected time in ticks per beat"
        )
    if not division:
        raise DataError(f"{name}: 0 ticks per beat, expected at least 1")
    return tracks


def _body(content: bytes, at: int, declared: int, name: str) -> tuple[list[Chunk], int]:
    body: list[Chunk] = []
    tracks = 0
    while at + 8 <= len(content):
        kind, size = content[at : at + 4], int.from_bytes(content[at + 4 : at + 8])
        if at + 8 + size > len(content):
            if tracks >= declared:
                break  # trailing bytes after the last track
            here, missing = len(content), at + 8 + size - len(content)
            raise DataError(
                f"{name}: cut short at byte {here} in track {tracks + 1}, "
                f"expected {missing} bytes more"
            )
        body.append(Chunk(kind, content[at + 8 : at + 8 + size]))
        tracks += kind == TRACK
        at += 8 + size
    return body, at


class EventScan(NamedTuple):
    """What could be read of a track chunk."""

    events: tuple[Event, ...]
    clipped: tuple[tuple[int, int], ...]  # (byte offset of the event, its value over 127)
    stopped_at: int  # byte offset of the first event that cannot be read; -1 if all can
    reason: str  # why it cannot be read


def parse_events(data: bytes, where: str) -> tuple[Event, ...]:
    """Read the events of a track chunk, up to and including its end of track.

    Raises
    ------
    DataError
        If the bytes are not valid events; the text has the byte offset in the chunk.
    """
    scan = scan_events(data)
    if scan.clipped:
        offset, value = scan.clipped[0]
        raise DataError(f"{where}, byte {offset}: data byte {value}, expected 0 to 127")
    if scan.reason:
        raise DataError(f"{where}, byte {scan.stopped_at}: {scan.reason}")
    return scan.events


def scan_events(data: bytes) -> EventScan:
    """Read the events of a track chunk, as far as they can be read.

    Running status continues after meta and sysex events, as in players. Data bytes over 127 are
    read as 127.
    """
    events: list[Event] = []
    clipped: list[tuple[int, int]] = []
    at = tick = running = 0
    while at < len(data):
        start = at
        try:
            delta, at = read_quantity(data, at)
            tick += delta
            status = data[at]
            if status >= NOTE_OFF:
                at += 1
            else:
                status = running
            if status < SYSEX:
                running = status
            event = _event(data, at, tick, status, start)
        except IndexError:
            reason = "an event is cut short, expected its end within the track"
            return EventScan(tuple(events), tuple(clipped), start, reason)
        except ValueError as error:
            return EventScan(tuple(events), tuple(clipped), start, str(error))
        if status < SYSEX and (value := max(event.data)) > 127:
            clipped.append((start, value))
            event = event._replace(data=bytes(min(byte, 127) for byte in event.data))
        events.append(event)
        at = event.end
        if event.meta == END_OF_TRACK:
            break
    return EventScan(tuple(events), tuple(clipped), -1, "")


def _event(data: bytes, at: int, tick: int, status: int, start: int) -> Event:
    """Read the rest of an event; `at` is just after the status byte.

    Raises
    ------
    IndexError
        If the data ends within the event.
    ValueError
        If the event is invalid; the text says why.
    """
    if NOTE_OFF <= status < SYSEX:
        end = at + (1 if PROGRAM <= status < BEND else 2)
        data[end - 1]  # IndexError if truncated
        return Event(tick, status, data[at:end], -1, start, end)
    if status not in (SYSEX, ESCAPE, META):
        found = "a data byte with no status before it" if not status else f"status {status:#x}"
        raise ValueError(f"{found}, expected a channel, sysex or meta event")
    meta = -1
    if status == META:
        meta = data[at]
        at += 1
    size, at = read_quantity(data, at)
    end = at + size
    if end > len(data):
        raise IndexError
    return Event(tick, status, data[at:end], meta, start, end)


def read_quantity(data: bytes, at: int) -> tuple[int, int]:
    """Read a variable-length quantity; return its value and its end."""
    value = 0
    for end in range(at, at + 4):
        byte = data[end]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, end + 1
    raise ValueError("a length of more than 4 bytes, expected at most 4")


def write_quantity(value: int) -> bytes:
    """Write a variable-length quantity.

    Raises
    ------
    DataError
        If the value is negative or needs more than four bytes.

    >>> write_quantity(480).hex()
    '8360'
    """
    if not 0 <= value < 1 << 28:
        raise DataError(f"{value} ticks between two events, expected 0 to {(1 << 28) - 1}")
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(value & 0x7F | 0x80)
    return bytes(reversed(groups))


def write_events(events: Iterable[Event]) -> bytes:
    """Write events in order, each with its status byte (no running status)."""
    written = bytearray()
    last = 0
    for event in events:
        written += write_quantity(event.tick - last)
        last = event.tick
        written.append(event.status)
        if event.status == META:
            written.append(event.meta)
        if event.status >= SYSEX:
            written += write_quantity(len(event.data))
        written += event.data
    return bytes(written)
