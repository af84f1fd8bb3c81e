"""The notes of a track as arrays: what is seen, hit or boxed in, found without a Python loop."""

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from seqstudio.session.note_array import Notes, places

Numbers: TypeAlias = NDArray[np.int64]
LAST_TICK = (1 << 28) - 1  # the furthest that a MIDI file can count in one step


@dataclass(frozen=True, eq=False)
class NoteIndex:
    """Notes by onset; each field an int64 array of shape (N,)."""

    notes: Notes  # ordered

    def __len__(self) -> int:
        return len(self.notes)

    @property
    def onsets(self) -> Numbers:
        """Where each note begins, in ticks, ascending."""
        return self.notes.onsets

    @property
    def pitches(self) -> Numbers:
        """The key of each note."""
        return self.notes.pitches

    @property
    def velocities(self) -> Numbers:
        """How loud each note is."""
        return self.notes.velocities

    @cached_property
    def ends(self) -> Numbers:
        """Where each note ends, in ticks."""
        return self.onsets + self.notes.lengths

    @cached_property
    def reach(self) -> Numbers:
        """How far the notes up to each one sound: ascending, whatever their lengths."""
        return np.maximum.accumulate(self.ends)

    def taken(self, which: Numbers) -> "NoteIndex":
        """Give some of them."""
        return NoteIndex(self.notes.taken(which))

    def span(self, first_tick: float, stop_tick: float) -> slice:
        """Give the narrowest run that holds all notes which sound between two ticks."""
        start = int(np.searchsorted(self.reach, first_tick, "right"))
        stop = int(np.searchsorted(self.onsets, stop_tick, "left"))
        return slice(start, max(stop, start))

    def seen(self, first_tick: float, stop_tick: float, low: float, high: float) -> Numbers:
        """Give the numbers of notes that sound between two ticks, of pitches `low` to `high`."""
        near = self.span(first_tick, stop_tick)
        pitches = self.pitches[near]
        found = (self.ends[near] > first_tick) & (pitches >= low) & (pitches <= high)
        numbers: Numbers = np.flatnonzero(found) + near.start
        return numbers

    def at(self, tick: float, pitch: int) -> int:
        """Give the number of the topmost note at a place; -1 where there is none."""
        found = self.seen(tick, tick + 1e-6, pitch, pitch)
        return int(found[-1]) if len(found) else -1

    def begins(self, tick: float, pitch: int, reach: float) -> int:
        """Give the number of the note that begins nearest to a place, within so many ticks."""
        first, stop = np.searchsorted(self.onsets, (tick - reach, tick + reach))
        near = np.flatnonzero(self.pitches[first:stop] == pitch) + first
        if not len(near):
            return -1
        return int(near[np.abs(self.onsets[near] - tick).argmin()])

    def held(self, ticks: int, semitones: int) -> tuple[int, int]:
        """Shorten a move so that no note leaves the keyboard or the time that a file can hold."""
        if not len(self):
            return 0, 0
        ticks = max(ticks, -int(self.onsets[0]))
        ticks = min(ticks, LAST_TICK - int(self.reach[-1])) if ticks > 0 else ticks
        semitones = max(semitones, -int(self.pitches.min()))
        return ticks, min(semitones, 127 - int(self.pitches.max()))


NO_NOTES = NoteIndex(Notes.of(()))


def followed(old: Notes, new: Notes, chosen: Numbers) -> Numbers:
    """Say which notes are chosen after a change: those that were and stayed, and those that came.

    Parameters
    ----------
    old, new : the track before and after
    chosen : (M,) ascending, numbers of notes of `old`

    Returns
    -------
    (K,) ascending, numbers of notes of `new`
    """
    wanted = np.zeros(len(old) + 1, np.bool_)
    wanted[chosen] = True
    wanted[-1] = True  # which is where `places` puts what was not there
    numbers: Numbers = np.flatnonzero(wanted[places(old, new)])
    return numbers
