"""What a drag is doing, as a value: it can be drawn, dropped, or made one operation at its end."""

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from seqstudio.contracts.notes import Note
from seqstudio.gui.piano_roll.note_edits import stretched
from seqstudio.gui.piano_roll.note_index import LAST_TICK, NO_NOTES, NoteIndex, Numbers
from seqstudio.gui.piano_roll.snap_grid import Bars
from seqstudio.session.note_array import Notes
from seqstudio.session.operations import (
    AddNotes,
    DeleteNotes,
    MoveNotes,
    Operation,
    ReplaceNotes,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Which track is edited, and on what grid."""

    take: str
    track: int
    bars: Bars
    step: Fraction  # ticks
    channel: int
    velocity: int  # of new notes


@dataclass(frozen=True, slots=True)
class Lifted:
    """Notes of the track, by their numbers, that a gesture holds."""

    which: Numbers
    index: NoteIndex

    @classmethod
    def of(cls, index: NoteIndex, which: Numbers) -> "Lifted":
        """Pick notes up."""
        return cls(which, index.taken(which))

    @property
    def notes(self) -> Notes:
        """The notes that are held."""
        return self.index.notes


@dataclass(frozen=True, slots=True)
class Boxing:
    """A rubber band: what it touches is chosen, with what was chosen before."""

    index: NoteIndex
    before: Numbers
    tick: float
    pitch: float
    to_tick: float
    to_pitch: float

    def to(self, tick: float, pitch: float) -> "Boxing":
        """Pull the free corner."""
        return replace(self, to_tick=tick, to_pitch=pitch)

    @property
    def chosen(self) -> Numbers:
        """The numbers of the notes that are chosen."""
        ticks = sorted((self.tick, self.to_tick))
        low, high = sorted((self.pitch, self.to_pitch))
        found = self.index.seen(ticks[0], ticks[1], np.floor(low), np.floor(high))
        return np.union1d(self.before, found)


@dataclass(frozen=True, slots=True)
class Moving:
    """Notes carried in time and pitch; held at the edges, all together."""

    place: Place
    lifted: Lifted
    tick: float  # where they were taken
    pitch: float
    copy: bool = False
    ticks: int = 0
    semitones: int = 0

    def to(self, tick: float, pitch: float) -> "Moving":
        """Carry them, by whole steps of the grid."""
        steps = round(Fraction(tick - self.tick) / self.place.step)
        return self.by(round(steps * self.place.step), int(np.floor(pitch) - np.floor(self.pitch)))

    def by(self, ticks: int, semitones: int) -> "Moving":
        """Carry them by a distance from where they were taken."""
        ticks, semitones = self.lifted.index.held(ticks, semitones)
        return replace(self, ticks=ticks, semitones=semitones)

    @property
    def hidden(self) -> Numbers:
        """Which notes are not where they were."""
        return self.lifted.which[:0] if self.copy else self.lifted.which

    @property
    def shown(self) -> NoteIndex:
        """The notes as they would be."""
        return NoteIndex(self.lifted.notes.moved(self.ticks, self.semitones))

    def operation(self) -> Operation | None:
        """Give what it comes to, or None where nothing has moved."""
        place, lifted = self.place, self.lifted
        if not (self.ticks or self.semitones):
            return None
        if self.copy:
            return AddNotes(place.take, place.track, self.shown.notes)
        return MoveNotes(place.take, place.track, lifted.notes, self.ticks, self.semitones)


@dataclass(frozen=True, slots=True)
class Sizing:
    """The ends of notes pulled; each stays at least a step of the grid long, or as it was."""

    place: Place
    lifted: Lifted
    tick: float
    ticks: int = 0

    def to(self, tick: float, _pitch: float) -> "Sizing":
        """Pull the ends, by whole steps of the grid."""
        return self.by(round(round(Fraction(tick - self.tick) / self.place.step) * self.place.step))

    def by(self, ticks: int) -> "Sizing":
        """Pull the ends by a distance from where they were."""
        return replace(self, ticks=ticks)

    @property
    def hidden(self) -> Numbers:
        """Which notes are not as they were."""
        return self.lifted.which

    @property
    def result(self) -> Notes:
        """The notes as they would be."""
        return stretched(self.lifted.notes, self.ticks, round(self.place.step))

    @property
    def shown(self) -> NoteIndex:
        """The same, for drawing."""
        return NoteIndex(self.result)

    def operation(self) -> Operation | None:
        """Give what it comes to, or None where nothing has changed."""
        return replacing(self.place, self.lifted.notes, self.result)


@dataclass(frozen=True, slots=True)
class Drawing:
    """A new note: it begins on the grid, and is as long as it is pulled."""

    place: Place
    note: Note

    @classmethod
    def at(cls, place: Place, tick: float, pitch: float, length: int) -> "Drawing":
        """Begin a note at a place of the roll."""
        onset = min(max(place.bars.floored(tick, place.step), 0), LAST_TICK - length)
        key = min(max(int(np.floor(pitch)), 0), 127)
        return cls(place, Note(onset, key, length, place.velocity, place.channel))

    def to(self, tick: float, _pitch: float) -> "Drawing":
        """Pull its end to the next line of the grid."""
        end = self.place.bars.floored(tick, self.place.step) + round(self.place.step)
        length = max(min(end, LAST_TICK) - self.note.onset_ticks, max(round(self.place.step), 1))
        return replace(self, note=replace(self.note, length_ticks=length))

    @property
    def hidden(self) -> Numbers:
        """No note is hidden."""
        return np.zeros(0, np.int64)

    @property
    def shown(self) -> NoteIndex:
        """The note, for drawing."""
        return NoteIndex(Notes.of((self.note,)))

    def operation(self) -> Operation | None:
        """Give what it comes to."""
        return AddNotes(self.place.take, self.place.track, Notes.of((self.note,)))


@dataclass(frozen=True, slots=True)
class Erasing:
    """Notes rubbed out one after the other; they are gone when the button is let go."""

    place: Place
    index: NoteIndex  # of the track
    hidden: Numbers
    tick: float

    def to(self, tick: float, pitch: float) -> "Erasing":
        """Rub out what lies under the way there."""
        first, last = sorted((self.tick, tick))
        found = self.index.seen(first, last + 1e-6, np.floor(pitch), np.floor(pitch))
        return replace(self, hidden=np.union1d(self.hidden, found), tick=tick)

    @property
    def shown(self) -> NoteIndex:
        """Nothing new."""
        return NO_NOTES

    def operation(self) -> Operation | None:
        """Give what it comes to, or None where nothing was hit."""
        gone = self.index.notes.taken(self.hidden)
        return DeleteNotes(self.place.take, self.place.track, gone) if gone else None


@dataclass(frozen=True, slots=True)
class Weighing:
    """Velocities changed together by one amount, or one after the other to the hand's height."""

    place: Place
    lifted: Lifted
    values: Numbers  # velocities of the lifted notes, now

    def by(self, amount: float) -> "Weighing":
        """Change all by an amount from what they were."""
        values = np.clip(np.rint(self.lifted.index.velocities + amount), 1, 127)
        return replace(self, values=values.astype(np.int64))

    def sweep(
        self, start: tuple[float, float], stop: tuple[float, float], reach: float
    ) -> "Weighing":
        """Give those that begin between two ticks, or `reach` beyond, what the hand has there.

        Parameters
        ----------
        start, stop : tick and velocity; the hand went there in a straight line
        reach : ticks
        """
        first, last = sorted((start, stop))
        onsets = self.lifted.index.onsets
        hit = (onsets >= first[0] - reach) & (onsets <= last[0] + reach)
        line = np.interp(onsets, (first[0], last[0]), (first[1], last[1]))
        values = np.where(hit, np.clip(np.rint(line), 1, 127), self.values)
        return replace(self, values=values.astype(np.int64))

    @property
    def hidden(self) -> Numbers:
        """Which notes are not as they were."""
        return self.lifted.which

    @property
    def shown(self) -> NoteIndex:
        """The notes as they would be."""
        return NoteIndex(self.lifted.notes.with_row("velocity", self.values))

    def operation(self) -> Operation | None:
        """Give what it comes to, or None where nothing has changed."""
        return replacing(self.place, self.lifted.notes, self.shown.notes)


Gesture = Boxing | Moving | Sizing | Drawing | Erasing | Weighing
Layers = tuple[NoteIndex, NoteIndex, NoteIndex]


def replacing(place: Place, old: Notes, new: Notes) -> ReplaceNotes | None:
    """Put notes in the place of others, as far as they differ."""
    other = (old.table != new.table).any(axis=0)
    if not other.any():
        return None
    return ReplaceNotes(place.take, place.track, old.taken(other), new.taken(other))


def layers(index: NoteIndex, selected: Numbers, gesture: Gesture | None) -> Layers:
    """Part the notes into those that rest, those that are chosen, and what a gesture makes."""
    shaping = None if isinstance(gesture, Boxing) else gesture
    if not len(selected) and shaping is None:
        return index, NO_NOTES, NO_NOTES
    resting = np.ones(len(index), np.bool_)
    resting[selected] = False
    chosen = ~resting
    if shaping:
        resting[shaping.hidden] = chosen[shaping.hidden] = False
    return (
        index.taken(np.flatnonzero(resting)),
        index.taken(np.flatnonzero(chosen)),
        shaping.shown if shaping else NO_NOTES,
    )
