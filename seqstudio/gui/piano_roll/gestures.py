"""Mouse gestures as values: each can be painted, cancelled, or applied as one edit."""

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from seqstudio.contracts.notes import Note
from seqstudio.gui.piano_roll.note_edits import lengthened
from seqstudio.gui.piano_roll.note_index import MAX_TICK, NO_NOTES, IntArray, NoteIndex
from seqstudio.gui.piano_roll.snap_grid import Bars
from seqstudio.session.edits import (
    AddNotes,
    DeleteNotes,
    Edit,
    MoveNotes,
    ReplaceNotes,
)
from seqstudio.session.note_array import Notes


@dataclass(frozen=True, slots=True)
class EditTarget:
    """The track that is edited, and its grid."""

    take: str  # id
    track: int
    bars: Bars
    step: Fraction  # ticks
    channel: int
    velocity: int  # of new notes


@dataclass(frozen=True, slots=True)
class NoteSubset:
    """Some notes of a track, and their indices in it."""

    indices: IntArray
    index: NoteIndex

    @classmethod
    def of(cls, index: NoteIndex, indices: IntArray) -> "NoteSubset":
        """Return the notes with these indices."""
        return cls(indices, index.select(indices))

    @property
    def notes(self) -> Notes:
        """The notes themselves."""
        return self.index.notes


@dataclass(frozen=True, slots=True)
class BoxSelection:
    """A rubber band: selects the notes that it touches, besides those selected before."""

    index: NoteIndex
    before: IntArray
    tick: float
    pitch: float
    to_tick: float
    to_pitch: float

    def to(self, tick: float, pitch: float) -> "BoxSelection":
        """Move the free corner."""
        return replace(self, to_tick=tick, to_pitch=pitch)

    @property
    def selected(self) -> IntArray:
        """The indices of the selected notes."""
        ticks = sorted((self.tick, self.to_tick))
        low, high = sorted((self.pitch, self.to_pitch))
        found = self.index.in_region(ticks[0], ticks[1], np.floor(low), np.floor(high))
        return np.union1d(self.before, found)


@dataclass(frozen=True, slots=True)
class NoteMove:
    """Notes moved together in time and pitch, as far as all of them stay in range."""

    target: EditTarget
    subset: NoteSubset
    tick: float  # where the drag started
    pitch: float
    copy: bool = False
    ticks: int = 0
    semitones: int = 0

    def to(self, tick: float, pitch: float) -> "NoteMove":
        """Move them to the pointer, by whole grid steps."""
        steps = round(Fraction(tick - self.tick) / self.target.step)
        return self.by(round(steps * self.target.step), int(np.floor(pitch) - np.floor(self.pitch)))

    def by(self, ticks: int, semitones: int) -> "NoteMove":
        """Move them by a distance from where they were."""
        ticks, semitones = self.subset.index.clamp_move(ticks, semitones)
        return replace(self, ticks=ticks, semitones=semitones)

    @property
    def hidden(self) -> IntArray:
        """The indices of the notes that are not painted where they were."""
        return self.subset.indices[:0] if self.copy else self.subset.indices

    @property
    def preview(self) -> NoteIndex:
        """The notes as they would become."""
        return NoteIndex(self.subset.notes.moved(self.ticks, self.semitones))

    def edit(self) -> Edit | None:
        """Return the edit, or None if nothing moved."""
        target, subset = self.target, self.subset
        if not (self.ticks or self.semitones):
            return None
        if self.copy:
            return AddNotes(target.take, target.track, self.preview.notes)
        return MoveNotes(target.take, target.track, subset.notes, self.ticks, self.semitones)


@dataclass(frozen=True, slots=True)
class NoteResize:
    """Notes whose ends are dragged; each keeps at least a grid step, or its own length."""

    target: EditTarget
    subset: NoteSubset
    tick: float
    ticks: int = 0

    def to(self, tick: float, _pitch: float) -> "NoteResize":
        """Move the ends to the pointer, by whole grid steps."""
        step = self.target.step
        return self.by(round(round(Fraction(tick - self.tick) / step) * step))

    def by(self, ticks: int) -> "NoteResize":
        """Move the ends by a distance from where they were."""
        return replace(self, ticks=ticks)

    @property
    def hidden(self) -> IntArray:
        """The indices of the notes that change."""
        return self.subset.indices

    @property
    def result(self) -> Notes:
        """The notes as they would become."""
        return lengthened(self.subset.notes, self.ticks, round(self.target.step))

    @property
    def preview(self) -> NoteIndex:
        """The same, to paint."""
        return NoteIndex(self.result)

    def edit(self) -> Edit | None:
        """Return the edit, or None if nothing changed."""
        return replace_edit(self.target, self.subset.notes, self.result)


@dataclass(frozen=True, slots=True)
class NoteDraw:
    """A new note that starts on the grid; the drag sets its length."""

    target: EditTarget
    note: Note

    @classmethod
    def start(cls, target: EditTarget, tick: float, pitch: float, length: int) -> "NoteDraw":
        """Start a note at a tick and pitch."""
        onset = min(max(target.bars.floored(tick, target.step), 0), MAX_TICK - length)
        key = min(max(int(np.floor(pitch)), 0), 127)
        return cls(target, Note(onset, key, length, target.velocity, target.channel))

    def to(self, tick: float, _pitch: float) -> "NoteDraw":
        """Move its end to the grid line after the pointer."""
        end = self.target.bars.floored(tick, self.target.step) + round(self.target.step)
        length = max(min(end, MAX_TICK) - self.note.onset_ticks, max(round(self.target.step), 1))
        return replace(self, note=replace(self.note, length_ticks=length))

    @property
    def hidden(self) -> IntArray:
        """No indices: all notes are painted where they were."""
        return np.zeros(0, np.int64)

    @property
    def preview(self) -> NoteIndex:
        """The note, to paint."""
        return NoteIndex(Notes.of((self.note,)))

    def edit(self) -> Edit | None:
        """Return the edit."""
        return AddNotes(self.target.take, self.target.track, Notes.of((self.note,)))


@dataclass(frozen=True, slots=True)
class NoteErase:
    """Notes erased one after the other; they are deleted when the button is released."""

    target: EditTarget
    index: NoteIndex  # of the track
    hidden: IntArray
    tick: float

    def to(self, tick: float, pitch: float) -> "NoteErase":
        """Erase the notes between the last position and this one."""
        first, last = sorted((self.tick, tick))
        found = self.index.in_region(first, last + 1e-6, np.floor(pitch), np.floor(pitch))
        return replace(self, hidden=np.union1d(self.hidden, found), tick=tick)

    @property
    def preview(self) -> NoteIndex:
        """No notes: nothing is added."""
        return NO_NOTES

    def edit(self) -> Edit | None:
        """Return the edit, or None if no note was hit."""
        gone = self.index.notes.select(self.hidden)
        return DeleteNotes(self.target.take, self.target.track, gone) if gone else None


@dataclass(frozen=True, slots=True)
class VelocityChange:
    """Velocities changed by one amount, or set one after the other to the pointer's height."""

    target: EditTarget
    subset: NoteSubset
    values: IntArray  # the new velocities

    def by(self, amount: float) -> "VelocityChange":
        """Change all by an amount from what they were."""
        values = np.clip(np.rint(self.subset.index.velocities + amount), 1, 127)
        return replace(self, values=values.astype(np.int64))

    def sweep(
        self, start: tuple[float, float], stop: tuple[float, float], reach: float
    ) -> "VelocityChange":
        """Set the velocities of the notes that the pointer passed.

        Parameters
        ----------
        start, stop : tick and velocity at both ends of the pointer's straight path
        reach : ticks before and after the path that count as passed
        """
        first, last = sorted((start, stop))
        onsets = self.subset.index.onsets
        hit = (onsets >= first[0] - reach) & (onsets <= last[0] + reach)
        line = np.interp(onsets, (first[0], last[0]), (first[1], last[1]))
        values = np.where(hit, np.clip(np.rint(line), 1, 127), self.values)
        return replace(self, values=values.astype(np.int64))

    @property
    def hidden(self) -> IntArray:
        """The indices of the notes that change."""
        return self.subset.indices

    @property
    def preview(self) -> NoteIndex:
        """The notes as they would become."""
        return NoteIndex(self.subset.notes.with_field("velocity", self.values))

    def edit(self) -> Edit | None:
        """Return the edit, or None if nothing changed."""
        return replace_edit(self.target, self.subset.notes, self.preview.notes)


Gesture = BoxSelection | NoteMove | NoteResize | NoteDraw | NoteErase | VelocityChange
Layers = tuple[NoteIndex, NoteIndex, NoteIndex]


def replace_edit(target: EditTarget, old: Notes, new: Notes) -> ReplaceNotes | None:
    """Return the edit that replaces notes where they differ, or None if none do."""
    other = (old.table != new.table).any(axis=0)
    if not other.any():
        return None
    return ReplaceNotes(target.take, target.track, old.select(other), new.select(other))


def layers(index: NoteIndex, selected: IntArray, gesture: Gesture | None) -> Layers:
    """Split the notes into unselected and selected ones, and add the gesture's preview."""
    active = None if isinstance(gesture, BoxSelection) else gesture
    if not len(selected) and active is None:
        return index, NO_NOTES, NO_NOTES
    unselected = np.ones(len(index), np.bool_)
    unselected[selected] = False
    still_selected = ~unselected
    if active:
        unselected[active.hidden] = still_selected[active.hidden] = False
    return (
        index.select(np.flatnonzero(unselected)),
        index.select(np.flatnonzero(still_selected)),
        active.preview if active else NO_NOTES,
    )
