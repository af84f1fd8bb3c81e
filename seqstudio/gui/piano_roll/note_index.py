"""The notes of a track as arrays, searched by time and pitch without a Python loop."""

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from seqstudio.session.note_array import Notes, find_notes

IntArray: TypeAlias = NDArray[np.int64]
MAX_TICK = (1 << 28) - 1  # the largest delta time of a MIDI file


@dataclass(frozen=True, eq=False)
class NoteIndex:
    """Notes ordered by onset; each field is an int64 array of shape (N,)."""

    notes: Notes  # ordered

    def __len__(self) -> int:
        return len(self.notes)

    @property
    def onsets(self) -> IntArray:
        """The onset of each note, in ticks, ascending."""
        return self.notes.onsets

    @property
    def pitches(self) -> IntArray:
        """The key of each note."""
        return self.notes.pitches

    @property
    def velocities(self) -> IntArray:
        """The velocity of each note."""
        return self.notes.velocities

    @cached_property
    def ends(self) -> IntArray:
        """The end of each note, in ticks."""
        return self.onsets + self.notes.lengths

    @cached_property
    def latest_ends(self) -> IntArray:
        """The latest end of each note and all before it, in ticks, ascending."""
        return np.maximum.accumulate(self.ends)

    def select(self, indices: IntArray) -> "NoteIndex":
        """Return the index of some of the notes."""
        return NoteIndex(self.notes.select(indices))

    def span(self, first_tick: float, stop_tick: float) -> slice:
        """Return the narrowest slice that contains all notes sounding between two ticks."""
        start = int(np.searchsorted(self.latest_ends, first_tick, "right"))
        stop = int(np.searchsorted(self.onsets, stop_tick, "left"))
        return slice(start, max(stop, start))

    def in_region(self, first_tick: float, stop_tick: float, low: float, high: float) -> IntArray:
        """Return the indices of notes sounding between two ticks, of pitches `low` to `high`."""
        near = self.span(first_tick, stop_tick)
        pitches = self.pitches[near]
        found = (self.ends[near] > first_tick) & (pitches >= low) & (pitches <= high)
        indices: IntArray = np.flatnonzero(found) + near.start
        return indices

    def note_at(self, tick: float, pitch: int) -> int:
        """Return the index of the topmost note at a tick and pitch; -1 if there is none."""
        found = self.in_region(tick, tick + 1e-6, pitch, pitch)
        return int(found[-1]) if len(found) else -1

    def nearest_onset(self, tick: float, pitch: int, reach: float) -> int:
        """Return the index of the note of a pitch that starts nearest to a tick.

        Parameters
        ----------
        tick, pitch : where to look
        reach : ticks, at most, from `tick` to the onset

        Returns
        -------
        index, or -1 if there is none
        """
        first, stop = np.searchsorted(self.onsets, (tick - reach, tick + reach))
        near = np.flatnonzero(self.pitches[first:stop] == pitch) + first
        if not len(near):
            return -1
        return int(near[np.abs(self.onsets[near] - tick).argmin()])

    def clamp_move(self, ticks: int, semitones: int) -> tuple[int, int]:
        """Shorten a move so that all notes stay on the keyboard and within `MAX_TICK`."""
        if not len(self):
            return 0, 0
        ticks = max(ticks, -int(self.onsets[0]))
        ticks = min(ticks, MAX_TICK - int(self.latest_ends[-1])) if ticks > 0 else ticks
        semitones = max(semitones, -int(self.pitches.min()))
        return ticks, min(semitones, 127 - int(self.pitches.max()))


NO_NOTES = NoteIndex(Notes.of(()))


def selection_after_change(old: Notes, new: Notes, selected: IntArray) -> IntArray:
    """Return the selection after a change: the selected notes that stayed, and the new notes.

    Parameters
    ----------
    old, new : the track before and after
    selected : (M,) ascending, indices of notes of `old`

    Returns
    -------
    (K,) ascending, indices of notes of `new`
    """
    wanted = np.zeros(len(old) + 1, np.bool_)
    wanted[selected] = True
    wanted[-1] = True  # `places` returns -1 for notes that are new
    indices: IntArray = np.flatnonzero(wanted[find_notes(old, new)])
    return indices
