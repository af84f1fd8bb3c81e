"""One MIDI track: the bytes as they stood, the notes among its events, and edits of those notes.

Notes are paired first in, first out: the first end closes the oldest note of its pitch and
channel. That order survives the removal of any pair, so what stays in an edited track keeps its
meaning.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from seqstudio.contracts.notes import Note
from seqstudio.media.smf import (
    END_OF_TRACK,
    META,
    NOTE_OFF,
    NOTE_ON,
    PROGRAM,
    TRACK,
    TRACK_NAME,
    Chunk,
    Event,
    parse_events,
    write_events,
)

Key = tuple[int, int]  # channel, pitch


class Heard(NamedTuple):
    """A note with the events, by index, that begin and end it; an `off` of -1: it never ends."""

    note: Note
    on: int
    off: int


class Pairing(NamedTuple):
    """All note events of a track, each in its place."""

    heard: tuple[Heard, ...]
    hollow: tuple[tuple[int, int], ...]  # (on, off) at the same tick: no length
    stray: tuple[int, ...]  # ends that close nothing


@dataclass(frozen=True)
class Track:
    """A track chunk. `data` is the truth; events and notes are a reading of it."""

    data: bytes
    events: tuple[Event, ...]

    @classmethod
    def parse(cls, data: bytes, where: str) -> "Track":
        """Read a track chunk's content; faults raise DataError beginning with `where`."""
        return cls(data, parse_events(data, where))

    @classmethod
    def of(cls, events: Sequence[Event], tail: bytes = b"") -> "Track":
        """Write events, and bytes that follow the end of the track, as a new track."""
        return cls.parse(write_events(events) + tail, "a new track")

    def to_bytes(self) -> bytes:
        """Give the chunk, byte for byte as it was read."""
        return Chunk(TRACK, self.data).to_bytes()

    @cached_property
    def notes(self) -> tuple[Note, ...]:
        """All notes, by onset and pitch; one that never ends lasts to the end of the track."""
        return tuple(sorted(heard.note for heard in self.pairing.heard))

    @cached_property
    def pairing(self) -> Pairing:
        """Which events begin and end which note."""
        return pair_notes(self.events)

    @cached_property
    def end_tick(self) -> int:
        """The tick of the last event."""
        return self.events[-1].tick if self.events else 0

    @property
    def name(self) -> str:
        """The track's name, "" if it has none."""
        for event in self.events:
            if event.meta == TRACK_NAME:
                return decoded(event.data)
        return ""

    @property
    def program(self) -> int:
        """The first program, 0 to 127; 0 (piano) where none is chosen."""
        return next((event.data[0] for event in self.events if event.kind == PROGRAM), 0)

    @property
    def is_drums(self) -> bool:
        """Whether all its notes are on the drum channel."""
        return bool(self.notes) and all(note.channel == 9 for note in self.notes)

    @cached_property
    def faults(self) -> tuple[str, ...]:
        """What a careful writer would not have written, one line each."""
        found = [
            f"note {heard.note.pitch} at tick {heard.note.onset_ticks} never ends"
            for heard in self.pairing.heard
            if heard.off < 0
        ]
        for on, _ in self.pairing.hollow:
            event = self.events[on]
            found.append(f"note {event.data[0]} at tick {event.tick} has no length")
        found += [
            f"note {note.pitch} at tick {note.onset_ticks} begins before the one at tick "
            f"{earlier.onset_ticks} ends"
            for earlier, note in overlaps(self.notes)
        ]
        if self.pairing.stray:
            first = self.events[self.pairing.stray[0]].tick
            found.append(f"{len(self.pairing.stray)} note ends without a note, from tick {first}")
        if not self.events or self.events[-1].meta != END_OF_TRACK:
            found.append("no end of track")
        return tuple(found)

    def with_notes(self, notes: Iterable[Note]) -> "Track":
        """Replace the notes; every other event keeps its tick, order and payload.

        A note that is there already keeps its own events, faults included. The others are
        written clean: none overlaps another of its pitch and channel (see `fit_notes`), and
        each ends.
        """
        wanted = Counter(notes)
        kept: list[Heard] = []
        for heard in self.pairing.heard:
            if wanted[heard.note] > 0:
                wanted[heard.note] -= 1
                kept.append(heard)
        return self._rebuilt(kept, list(wanted.elements()), keep_faults=True)

    def repaired(self) -> "Track":
        """Mend every fault: cut overlaps, end what never ends, drop what has no length."""
        if not self.faults:
            return self
        wanted = Counter(fit_notes(self.notes, ()))
        kept: list[Heard] = []
        for heard in self.pairing.heard:
            if heard.off >= 0 and wanted[heard.note] > 0:
                wanted[heard.note] -= 1
                kept.append(heard)
        return self._rebuilt(kept, list(wanted.elements()), keep_faults=False)

    def _rebuilt(self, kept: list[Heard], new: list[Note], *, keep_faults: bool) -> "Track":
        staying = {index for heard in kept for index in (heard.on, heard.off)}
        if keep_faults:
            staying |= {index for both in self.pairing.hollow for index in both}
            staying |= set(self.pairing.stray)
        old = [
            event
            for index, event in enumerate(self.events)
            if event.kind not in (NOTE_ON, NOTE_OFF) or index in staying
        ]
        obstacles = [] if not keep_faults else self._obstacles(kept)
        fitted = fit_notes(new, obstacles) if keep_faults else tuple(new)
        closing = _closing([heard.note for heard in kept if heard.off < 0], fitted)
        tail = self.data[self.events[-1].end :] if self.events else b""
        return Track.of(_merged(old, note_events(fitted) + closing), tail)

    def _obstacles(self, kept: list[Heard]) -> list[tuple[Key, int, int]]:
        """Say where new notes may not sound: (channel and pitch, first tick, end tick)."""
        found = []
        for note, _, off in kept:
            end = note.onset_ticks + (note.length_ticks if off >= 0 else 0)
            found.append(((note.channel, note.pitch), note.onset_ticks, end))
        lone = [on for on, _ in self.pairing.hollow] + list(self.pairing.stray)
        for event in (self.events[index] for index in lone):
            found.append(((event.channel, event.data[0]), event.tick, event.tick))
        return found


def pair_notes(events: Sequence[Event]) -> Pairing:
    """Find the notes among events."""
    sounding: dict[Key, list[int]] = defaultdict(list)
    heard: list[Heard] = []
    hollow: list[tuple[int, int]] = []
    stray: list[int] = []
    for index, event in enumerate(events):
        if event.kind == NOTE_ON and event.data[1]:
            sounding[event.channel, event.data[0]].append(index)
        elif event.kind in (NOTE_ON, NOTE_OFF):
            waiting = sounding[event.channel, event.data[0]]
            if not waiting:
                stray.append(index)
                continue
            on = waiting.pop(0)
            if events[on].tick == event.tick:
                hollow.append((on, index))
            else:
                heard.append(Heard(_note(events[on], event.tick), on, index))
    end = events[-1].tick if events else 0
    for on in (index for waiting in sounding.values() for index in waiting):
        heard.append(Heard(_note(events[on], max(end, events[on].tick + 1)), on, -1))
    return Pairing(tuple(sorted(heard, key=lambda one: one.on)), tuple(hollow), tuple(stray))


def _note(on: Event, end_tick: int) -> Note:
    return Note(on.tick, on.data[0], end_tick - on.tick, on.data[1], on.channel)


def overlaps(notes: Iterable[Note]) -> list[tuple[Note, Note]]:
    """List (earlier, later) where a note begins before the one ahead of it has ended.

    Only notes of the same pitch and channel can be in each other's way.
    """
    ahead: dict[Key, Note] = {}
    found = []
    for note in sorted(notes):
        key = note.channel, note.pitch
        earlier = ahead.get(key)
        if earlier and earlier.onset_ticks + earlier.length_ticks > note.onset_ticks:
            found.append((earlier, note))
        ahead[key] = note
    return found


def fit_notes(notes: Iterable[Note], obstacles: Sequence[tuple[Key, int, int]]) -> tuple[Note, ...]:
    """Make notes clean: on one channel no pitch begins before it has ended.

    An earlier note is cut where a later one begins; of two with one onset the longer stays. Where
    something that stays in place is in the way (an obstacle), the new note yields: it is cut
    before it, begins after it, or vanishes where it has no room.
    """
    taken: dict[Key, list[tuple[int, int]]] = defaultdict(list)
    for key, start, end in obstacles:
        taken[key].append((start, end))
    groups: dict[Key, list[Note]] = defaultdict(list)
    for note in sorted(notes):
        groups[note.channel, note.pitch].append(note)
    fitted: list[Note] = []
    for key, group in groups.items():
        roomy = [fit for note in group if (fit := _yielding(note, sorted(taken[key])))]
        for note, after in zip(roomy, [*roomy[1:], None], strict=True):
            if after is None or note.onset_ticks < after.onset_ticks:
                fitted.append(_until(note, after.onset_ticks) if after else note)
    return tuple(sorted(fitted))


def _yielding(note: Note, taken: list[tuple[int, int]]) -> Note | None:
    """Cut a note to the first free stretch of its span; None where there is none."""
    start, end = note.onset_ticks, note.onset_ticks + note.length_ticks
    for other_start, other_end in taken:
        if other_start <= start < other_end:
            start = other_end
        elif start < other_start < end:
            end = other_start
    return _moved(note, start, end) if end > start else None


def _until(note: Note, tick: int) -> Note:
    end = min(note.onset_ticks + note.length_ticks, tick)
    return _moved(note, note.onset_ticks, end)


def _moved(note: Note, start: int, end: int) -> Note:
    return Note(start, note.pitch, end - start, note.velocity, note.channel)


def note_events(notes: Iterable[Note]) -> list[Event]:
    """Give the events of notes, in no order."""
    events = []
    for note in notes:
        end = note.onset_ticks + note.length_ticks
        on = Event(note.onset_ticks, NOTE_ON | note.channel, bytes([note.pitch, note.velocity]))
        events += [on, Event(end, NOTE_OFF | note.channel, bytes([note.pitch, 64]))]
    return events


def _closing(endless: Iterable[Note], new: Iterable[Note]) -> list[Event]:
    """End a note that never ends where a new one of its pitch begins, else the new one's end
    would close it."""
    events = []
    onsets = defaultdict(list)
    for note in new:
        onsets[note.channel, note.pitch].append(note.onset_ticks)
    for note in endless:
        after = [tick for tick in onsets[note.channel, note.pitch] if tick >= note.onset_ticks]
        if after:
            events.append(Event(min(after), NOTE_OFF | note.channel, bytes([note.pitch, 64])))
    return events


def _merged(old: list[Event], new: list[Event]) -> list[Event]:
    """Join events that stay with new ones: at one tick new ends, what stays, new beginnings."""
    ended = bool(old) and old[-1].meta == END_OF_TRACK
    body = old[:-1] if ended else old
    ranked = [(event.tick, 1, event) for event in body]
    ranked += [(event.tick, 0 if event.kind == NOTE_OFF else 2, event) for event in new]
    merged = [event for _, _, event in sorted(ranked, key=lambda one: one[:2])]
    last = max([event.tick for event in merged[-1:] + old[-1:]], default=0)
    return [*merged, Event(last, META, b"", END_OF_TRACK)]


def decoded(text: bytes) -> str:
    """Read a text event: UTF-8, or Latin-1 as old files have it."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")
