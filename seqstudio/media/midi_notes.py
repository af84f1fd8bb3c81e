"""Notes in MIDI events: pair note-on with note-off, remove overlaps, write notes as events.

Pairing is first in, first out: a note-off ends the oldest sounding note of its pitch and channel.
Removing any pair leaves the other pairs unchanged, so the notes that remain in an edited track keep
their events.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import NamedTuple

from seqstudio.contracts.notes import Note
from seqstudio.media.midi_events import END_OF_TRACK, META, NOTE_OFF, NOTE_ON, Event

ChannelPitch = tuple[int, int]


class PairedNote(NamedTuple):
    """A note with the indices of its note-on and note-off; `off` is -1 if it never ends."""

    note: Note
    on: int
    off: int


class Pairing(NamedTuple):
    """All note events of a track, by index."""

    notes: tuple[PairedNote, ...]
    zero_length: tuple[tuple[int, int], ...]  # (on, off) at the same tick
    unmatched_offs: tuple[int, ...]  # note-offs without a note


def pair_notes(events: Sequence[Event]) -> Pairing:
    """Pair the note-on and note-off events of a track."""
    sounding: dict[ChannelPitch, list[int]] = defaultdict(list)
    notes: list[PairedNote] = []
    zero_length: list[tuple[int, int]] = []
    unmatched_offs: list[int] = []
    for index, event in enumerate(events):
        if event.kind == NOTE_ON and event.data[1]:
            sounding[event.channel, event.data[0]].append(index)
        elif event.kind in (NOTE_ON, NOTE_OFF):
            open_notes = sounding[event.channel, event.data[0]]
            if not open_notes:
                unmatched_offs.append(index)
                continue
            on = open_notes.pop(0)
            if events[on].tick == event.tick:
                zero_length.append((on, index))
            else:
                notes.append(PairedNote(_note(events[on], event.tick), on, index))
    end = events[-1].tick if events else 0
    for on in (index for open_notes in sounding.values() for index in open_notes):
        notes.append(PairedNote(_note(events[on], max(end, events[on].tick + 1)), on, -1))
    notes.sort(key=lambda one: one.on)
    return Pairing(tuple(notes), tuple(zero_length), tuple(unmatched_offs))


def _note(on: Event, end_tick: int) -> Note:
    return Note(on.tick, on.data[0], end_tick - on.tick, on.data[1], on.channel)


def overlaps(notes: Iterable[Note]) -> list[tuple[Note, Note]]:
    """List (earlier, later) pairs where a note starts before the previous one has ended.

    Only notes of the same pitch and channel overlap.
    """
    previous: dict[ChannelPitch, Note] = {}
    found = []
    for note in sorted(notes):
        key = note.channel, note.pitch
        earlier = previous.get(key)
        if earlier and earlier.onset_ticks + earlier.length_ticks > note.onset_ticks:
            found.append((earlier, note))
        previous[key] = note
    return found


def fit_notes(
    notes: Iterable[Note], obstacles: Sequence[tuple[ChannelPitch, int, int]]
) -> tuple[Note, ...]:
    """Remove overlaps between notes of the same pitch and channel.

    A note is shortened where a later one starts; of two with the same onset the longer is kept.
    Obstacles are fixed (start, end) spans: a new note is cut before one, starts after it, or is
    dropped if no room is left.
    """
    occupied: dict[ChannelPitch, list[tuple[int, int]]] = defaultdict(list)
    for key, start, end in obstacles:
        occupied[key].append((start, end))
    groups: dict[ChannelPitch, list[Note]] = defaultdict(list)
    for note in sorted(notes):
        groups[note.channel, note.pitch].append(note)
    fitted: list[Note] = []
    for key, group in groups.items():
        spans = sorted(occupied[key])
        free = sorted(fit for note in group if (fit := _in_free_span(note, spans)))
        for note, after in zip_longest(free, free[1:]):
            if after is None or note.onset_ticks < after.onset_ticks:
                fitted.append(_cut_at(note, after.onset_ticks) if after else note)
    return tuple(sorted(fitted))


def _in_free_span(note: Note, occupied: list[tuple[int, int]]) -> Note | None:
    """Cut a note to the first free part of its span; None if there is none."""
    start, end = note.onset_ticks, note.onset_ticks + note.length_ticks
    for other_start, other_end in occupied:
        if other_start <= start < other_end:
            start = other_end
        elif start < other_start < end:
            end = other_start
    return _with_span(note, start, end) if end > start else None


def _cut_at(note: Note, tick: int) -> Note:
    end = min(note.onset_ticks + note.length_ticks, tick)
    return _with_span(note, note.onset_ticks, end)


def _with_span(note: Note, start: int, end: int) -> Note:
    return Note(start, note.pitch, end - start, note.velocity, note.channel)


def note_events(notes: Iterable[Note]) -> list[Event]:
    """Return the note-on and note-off events of notes, unsorted."""
    events = []
    for note in notes:
        end = note.onset_ticks + note.length_ticks
        on = Event(note.onset_ticks, NOTE_ON | note.channel, bytes([note.pitch, note.velocity]))
        events += [on, Event(end, NOTE_OFF | note.channel, bytes([note.pitch, 64]))]
    return events


def closing_events(endless: Iterable[Note], new: Iterable[Note]) -> list[Event]:
    """Return a note-off for each endless note that a new note of the same pitch follows.

    Without it, the note-off of the new note would end the endless one instead.
    """
    events = []
    onsets = defaultdict(list)
    for note in new:
        onsets[note.channel, note.pitch].append(note.onset_ticks)
    for note in endless:
        after = [tick for tick in onsets[note.channel, note.pitch] if tick > note.onset_ticks]
        if after:
            events.append(Event(min(after), NOTE_OFF | note.channel, bytes([note.pitch, 64])))
    return events


def merged_events(old: list[Event], new: list[Event]) -> list[Event]:
    """Merge new note events into old events; at one tick: new note-offs, old, new note-ons."""
    ended = bool(old) and old[-1].meta == END_OF_TRACK
    body = old[:-1] if ended else old
    ranked = [(event.tick, 1, event) for event in body]
    ranked += [(event.tick, 0 if event.kind == NOTE_OFF else 2, event) for event in new]
    merged = [event for _, _, event in sorted(ranked, key=lambda one: one[:2])]
    last = max([event.tick for event in merged[-1:] + old[-1:]], default=0)
    return [*merged, Event(last, META, b"", END_OF_TRACK)]
