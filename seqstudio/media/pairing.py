"""Notes among the events of a track, and what is wrong with them.

Notes are paired first in, first out: the first end closes the oldest note of its pitch and
channel. That order survives the removal of any pair, so what stays in an edited track keeps its
meaning.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from seqstudio.contracts.notes import Note
from seqstudio.media.smf import NOTE_OFF, NOTE_ON, Event

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
