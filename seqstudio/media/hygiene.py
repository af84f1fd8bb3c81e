"""Clean notes: none without length, none that overlaps its own pitch, every one ended."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import zip_longest

from seqstudio.contracts.notes import Note
from seqstudio.media.pairing import Key
from seqstudio.media.smf import END_OF_TRACK, META, NOTE_OFF, NOTE_ON, Event


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
        roomy = sorted(fit for note in group if (fit := _yielding(note, sorted(taken[key]))))
        for note, after in zip_longest(roomy, roomy[1:]):
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


def closing_events(endless: Iterable[Note], new: Iterable[Note]) -> list[Event]:
    """End each note that never ends where a new one of its pitch begins.

    Else the end of the new one would close the old one, and the new one would sound on.
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
    """Join events that stay with new ones: at one tick new ends, what stays, new beginnings."""
    ended = bool(old) and old[-1].meta == END_OF_TRACK
    body = old[:-1] if ended else old
    ranked = [(event.tick, 1, event) for event in body]
    ranked += [(event.tick, 0 if event.kind == NOTE_OFF else 2, event) for event in new]
    merged = [event for _, _, event in sorted(ranked, key=lambda one: one[:2])]
    last = max([event.tick for event in merged[-1:] + old[-1:]], default=0)
    return [*merged, Event(last, META, b"", END_OF_TRACK)]
