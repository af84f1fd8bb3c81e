"""A MIDI track: its bytes as read, the notes in its events, and edits of those notes."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from seqstudio.contracts.notes import Note
from seqstudio.media.midi_events import (
    DRUM_CHANNEL,
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
from seqstudio.media.midi_notes import (
    ChannelPitch,
    PairedNote,
    Pairing,
    closing_events,
    fit_notes,
    merged_events,
    note_events,
    overlaps,
    pair_notes,
)
from seqstudio.media.midi_recovery import recover_track
from seqstudio.media.midi_text import decode_text


@dataclass(frozen=True)
class Track:
    """A track chunk. `data` is authoritative; events and notes are derived from it."""

    data: bytes
    events: tuple[Event, ...]

    @classmethod
    def parse(cls, data: bytes, where: str) -> "Track":
        """Read the content of a track chunk; `where` begins the text of a DataError."""
        return cls(data, parse_events(data, where))

    @classmethod
    def recover(cls, data: bytes) -> tuple["Track", tuple[str, ...]]:
        """Read the content of a damaged track chunk; return what was mended, one line each."""
        found = recover_track(data)
        return cls(found.data, found.events), found.mends

    @classmethod
    def of(cls, events: Sequence[Event], tail: bytes = b"") -> "Track":
        """Write events as a new track; `tail` follows the end-of-track event."""
        return cls.parse(write_events(events) + tail, "a new track")

    def to_bytes(self) -> bytes:
        """Return the chunk, byte for byte as it was read."""
        return Chunk(TRACK, self.data).to_bytes()

    @cached_property
    def notes(self) -> tuple[Note, ...]:
        """All notes, by onset and pitch; one without a note-off lasts to the end of the track."""
        return tuple(sorted(paired.note for paired in self.pairing.notes))

    @cached_property
    def pairing(self) -> Pairing:
        """The note-on and note-off events of each note."""
        return pair_notes(self.events)

    @cached_property
    def end_tick(self) -> int:
        """The tick of the last event."""
        return self.events[-1].tick if self.events else 0

    @property
    def name(self) -> str:
        """The name of the track, "" if it has none."""
        for event in self.events:
            if event.meta == TRACK_NAME:
                return decode_text(event.data)
        return ""

    @property
    def program(self) -> int:
        """The first program, 0 to 127; 0 (piano) without a program change."""
        return next((event.data[0] for event in self.events if event.kind == PROGRAM), 0)

    @property
    def is_drums(self) -> bool:
        """Whether all its notes are on the drum channel."""
        return bool(self.notes) and all(note.channel == DRUM_CHANNEL for note in self.notes)

    @cached_property
    def faults(self) -> tuple[str, ...]:
        """The faults of the track, one line each."""
        found = [
            f"note {paired.note.pitch} at tick {paired.note.onset_ticks} never ends"
            for paired in self.pairing.notes
            if paired.off < 0
        ]
        for on, _ in self.pairing.zero_length:
            event = self.events[on]
            found.append(f"note {event.data[0]} at tick {event.tick} has no length")
        found += [
            f"note {note.pitch} at tick {note.onset_ticks} begins before the one at tick "
            f"{earlier.onset_ticks} ends"
            for earlier, note in overlaps(self.notes)
        ]
        if unmatched := self.pairing.unmatched_offs:
            first = self.events[unmatched[0]].tick
            found.append(f"{len(unmatched)} note ends without a note, from tick {first}")
        if not self.events or self.events[-1].meta != END_OF_TRACK:
            found.append("no end of track")
        return tuple(found)

    def with_notes(self, notes: Iterable[Note]) -> "Track":
        """Replace the notes; every other event keeps its tick, order and payload.

        A note that is already in the track keeps its own events, faults included. New notes have
        no faults: none overlaps another of its pitch and channel (see `fit_notes`), and each ends.
        """
        wanted = Counter(notes)
        kept: list[PairedNote] = []
        for paired in self.pairing.notes:
            if wanted[paired.note] > 0:
                wanted[paired.note] -= 1
                kept.append(paired)
        return self._rebuilt(kept, list(wanted.elements()), keep_faults=True)

    def repaired(self) -> "Track":
        """Repair every fault: cut overlaps, end endless notes, drop notes without length."""
        if not self.faults:
            return self
        wanted = Counter(fit_notes(self.notes, ()))
        kept: list[PairedNote] = []
        for paired in self.pairing.notes:
            if paired.off >= 0 and wanted[paired.note] > 0:
                wanted[paired.note] -= 1
                kept.append(paired)
        return self._rebuilt(kept, list(wanted.elements()), keep_faults=False)

    def with_events(self, new: Iterable[Event]) -> "Track":
        """Insert events that are no notes: after those at their tick, before its notes begin."""
        if not (added := sorted(new, key=lambda event: event.tick)):
            return self
        ended = bool(self.events) and self.events[-1].meta == END_OF_TRACK
        old = list(self.events[:-1] if ended else self.events)
        ranked = [(event.tick, 2 if event.kind == NOTE_ON else 0, event) for event in old]
        ranked += [(event.tick, 1, event) for event in added]
        merged = [event for _, _, event in sorted(ranked, key=lambda one: one[:2])]
        tail = self.data[self.events[-1].end :] if self.events else b""
        last = max(merged[-1].tick, self.end_tick)
        return Track.of([*merged, Event(last, META, b"", END_OF_TRACK)], tail)

    def without(self, unwanted: Callable[[Event], bool]) -> "Track":
        """Remove events; without any such event, the track stays unchanged, byte for byte."""
        kept = [event for event in self.events if not unwanted(event)]
        if len(kept) == len(self.events):
            return self
        return Track.of(kept, self.data[self.events[-1].end :])

    def _rebuilt(self, kept: list[PairedNote], new: list[Note], *, keep_faults: bool) -> "Track":
        kept_indices = {index for paired in kept for index in (paired.on, paired.off)}
        if keep_faults:
            kept_indices |= {index for pair in self.pairing.zero_length for index in pair}
            kept_indices |= set(self.pairing.unmatched_offs)
        old = [
            event
            for index, event in enumerate(self.events)
            if event.kind not in (NOTE_ON, NOTE_OFF) or index in kept_indices
        ]
        obstacles = [] if not keep_faults else self._obstacles(kept)
        fitted = fit_notes(new, obstacles) if keep_faults else tuple(new)
        closing = closing_events([paired.note for paired in kept if paired.off < 0], fitted)
        tail = self.data[self.events[-1].end :] if self.events else b""
        return Track.of(merged_events(old, note_events(fitted) + closing), tail)

    def _obstacles(self, kept: list[PairedNote]) -> list[tuple[ChannelPitch, int, int]]:
        """List the spans that new notes must avoid: (channel and pitch, first tick, end tick)."""
        found = []
        for note, _, off in kept:
            end = note.onset_ticks + (note.length_ticks if off >= 0 else 1)
            found.append(((note.channel, note.pitch), note.onset_ticks, end))
        single = [on for on, _ in self.pairing.zero_length] + list(self.pairing.unmatched_offs)
        for event in (self.events[index] for index in single):
            found.append(((event.channel, event.data[0]), event.tick, event.tick))
        return found
