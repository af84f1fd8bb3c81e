"""The notes of a track as arrays: what is seen, hit or boxed in, found without a Python loop."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from operator import attrgetter
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from seqstudio.contracts.notes import Note

Numbers: TypeAlias = NDArray[np.int64]
FIELDS = ("onset_ticks", "pitch", "length_ticks", "velocity", "channel")
LAST_TICK = (1 << 28) - 1  # the furthest that a MIDI file can count in one step


@dataclass(frozen=True, eq=False)
class NoteIndex:
    """Notes by onset; each field an int64 array of shape (N,)."""

    onsets: Numbers  # ticks, ascending
    pitches: Numbers
    lengths: Numbers  # ticks
    velocities: Numbers
    channels: Numbers

    @classmethod
    def of(cls, notes: Sequence[Note]) -> "NoteIndex":
        """Index notes that are in order of onset."""
        columns = (map(attrgetter(field), notes) for field in FIELDS)
        return cls(*(np.fromiter(column, np.int64, len(notes)) for column in columns))

    @classmethod
    def joined(cls, parts: Sequence["NoteIndex"]) -> "NoteIndex":
        """Put several in one, in order of onset."""
        if not parts:
            return cls.of(())
        columns = [np.concatenate(each) for each in zip(*(p.columns for p in parts), strict=True)]
        order = np.argsort(columns[0], kind="stable")
        return cls(*(column[order] for column in columns))

    def __len__(self) -> int:
        return len(self.onsets)

    @property
    def columns(self) -> tuple[Numbers, ...]:
        """The fields, in the order in which a note has them."""
        return (self.onsets, self.pitches, self.lengths, self.velocities, self.channels)

    @cached_property
    def ends(self) -> Numbers:
        """Where each note ends, in ticks."""
        return self.onsets + self.lengths

    @cached_property
    def reach(self) -> Numbers:
        """How far the notes up to each one sound: ascending, whatever their lengths."""
        return np.maximum.accumulate(self.ends)

    def notes(self) -> tuple[Note, ...]:
        """Give them as notes."""
        return tuple(
            Note(*fields) for fields in zip(*(c.tolist() for c in self.columns), strict=True)
        )

    def taken(self, which: Numbers) -> "NoteIndex":
        """Give some of them."""
        return NoteIndex(*(column[which] for column in self.columns))

    def spliced(self, first: int, stop: int, notes: Sequence[Note]) -> "NoteIndex":
        """Put notes in the place of those from `first` to before `stop`."""
        new = NoteIndex.of(notes)
        return NoteIndex(
            *(
                np.concatenate((old[:first], own, old[stop:]))
                for old, own in zip(self.columns, new.columns, strict=True)
            )
        )

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

    def moved(self, ticks: int, semitones: int) -> "NoteIndex":
        """Move all of them."""
        return replace(self, onsets=self.onsets + ticks, pitches=self.pitches + semitones)

    def held(self, ticks: int, semitones: int) -> tuple[int, int]:
        """Shorten a move so that no note leaves the keyboard or the time that a file can hold."""
        if not len(self):
            return 0, 0
        ticks = max(ticks, -int(self.onsets[0]))
        ticks = min(ticks, LAST_TICK - int(self.reach[-1])) if ticks > 0 else ticks
        semitones = max(semitones, -int(self.pitches.min()))
        return ticks, min(semitones, 127 - int(self.pitches.max()))


def common_ends(old: Sequence[Note], new: Sequence[Note]) -> tuple[int, int]:
    """Count the notes at the start, and at the end, that two tracks have in common."""
    most = min(len(old), len(new))
    start = _longest(most, lambda low, high: old[low:high] == new[low:high])
    last_old, last_new = len(old), len(new)
    stop = _longest(
        most - start,
        lambda low, high: (
            old[last_old - high : last_old - low] == new[last_new - high : last_new - low]
        ),
    )
    return start, stop


def _longest(most: int, same: Callable[[int, int], bool]) -> int:
    """Find how far two runs are the same, given whether they are between two places."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if same(low, middle):
            low = middle
        else:
            high = middle - 1
    return low


def followed(
    old: Sequence[Note], new: Sequence[Note], chosen: Numbers, start: int, stop: int
) -> Numbers:
    """Say which notes are chosen after a change: those that were and stayed, and those that came.

    Parameters
    ----------
    old, new : the track before and after
    chosen : (M,) ascending, numbers of notes of `old`
    start, stop : what `common_ends` gave

    Returns
    -------
    (K,) ascending, numbers of notes of `new`
    """
    last = len(old) - stop
    shift = len(new) - len(old)
    were = set(chosen[(chosen >= start) & (chosen < last)].tolist())
    left: dict[Note, list[int]] = {}
    for number in range(last - 1, start - 1, -1):
        left.setdefault(old[number], []).append(number)
    middle = [
        number
        for number in range(start, len(new) - stop)
        if not (known := left.get(new[number])) or known.pop() in were
    ]
    return np.concatenate(
        (chosen[chosen < start], np.array(middle, np.int64), chosen[chosen >= last] + shift)
    )
