"""One MIDI track: the bytes as they stood, the notes among its events, and edits of those notes."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from seqstudio.contracts.notes import Note
from seqstudio.media.hygiene import (
    closing_events,
    fit_notes,
    merged_events,
    note_events,
    overlaps,
)
from seqstudio.media.pairing import Heard, Key, Pairing, pair_notes
from seqstudio.media.smf import (
    END_OF_TRACK,
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
        closing = closing_events([heard.note for heard in kept if heard.off < 0], fitted)
        tail = self.data[self.events[-1].end :] if self.events else b""
        return Track.of(merged_events(old, note_events(fitted) + closing), tail)

    def _obstacles(self, kept: list[Heard]) -> list[tuple[Key, int, int]]:
        """Say where new notes may not sound: (channel and pitch, first tick, end tick)."""
        found = []
        for note, _, off in kept:
            end = note.onset_ticks + (note.length_ticks if off >= 0 else 1)
            found.append(((note.channel, note.pitch), note.onset_ticks, end))
        lone = [on for on, _ in self.pairing.hollow] + list(self.pairing.stray)
        for event in (self.events[index] for index in lone):
            found.append(((event.channel, event.data[0]), event.tick, event.tick))
        return found


def decoded(text: bytes) -> str:
    """Read a text event: UTF-8, or Latin-1 as old files have it."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")
