"""The rules that a result can be asked to meet, and how each narrows what may be sampled."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from seqstudio_music.chords import chord_pitch_classes
from seqstudio_music.voices.hard.space import KEEPS, STRIKES, Allowed, NotesInBar, Space, weights
from seqstudio_music.voices.notes import value_pitches
from seqstudio_music.voices.tokens import NONE, Held, Layout, Values


class Rule(Protocol):
    """One hard constraint."""

    @property
    def text(self) -> str:
        """What it asks, for the user."""

    def narrow(self, space: Space) -> list[Space]:
        """Return what is left of a space: of several, a result may lie in any.

        `space` is the caller's copy, whose arrays may be changed.
        """

    def holds(self, space: Space, values: Values, held: Held) -> bool:
        """Return whether (T, S) values meet it, from their notes alone."""


@dataclass(frozen=True)
class Locked:
    """Steps of voices in which everything stays: (T, S) values and which of them are held."""

    where: Allowed  # (T, S)
    values: Values
    held: Held

    @property
    def text(self) -> str:
        """What it asks, for the user."""
        return "locked notes"

    def narrow(self, space: Space) -> list[Space]:
        """Leave the locked values, and in voices that mark onsets the locked onsets.

        What is locked ends where it does: a voice does not hold it into the steps after it.
        """
        after = ~self.where & np.roll(self.where, 1, axis=0)
        after[0] = False
        space.moves[after & space.layout.marks_onsets, KEEPS] = False
        for step, voice in zip(*np.nonzero(self.where), strict=True):
            value = int(self.values[step, voice])
            space.values[voice][step] &= space.only(int(voice), [value])
            if space.layout.voices[voice].marks_onsets and value != NONE:
                space.moves[step, voice] &= np.arange(3) == self._move(int(step), int(voice))
        return [space]

    def _move(self, step: int, voice: int) -> int:
        return KEEPS if self.held[step, voice] else STRIKES

    def holds(self, space: Space, values: Values, held: Held) -> bool:
        """Return whether what is locked is as it was."""
        marked = self.where & space.layout.marks_onsets
        same_values = (values == self.values)[self.where].all()
        return bool(same_values and (held == self.held)[marked].all())


@dataclass(frozen=True)
class Differs:
    """Notes of which none may return: (step, voice, pitch or chord) where each began."""

    notes: tuple[tuple[int, int, int], ...]

    @property
    def text(self) -> str:
        """What it asks, for the user."""
        return f"{len(self.notes)} notes differ"

    def narrow(self, space: Space) -> list[Space]:
        """Take away each value in the step in which it began."""
        for step, voice, value in self.notes:
            space.values[voice][step, space.index(voice, value)] = False
        return [space]

    def holds(self, space: Space, values: Values, held: Held) -> bool:
        """Return whether each voice has another value there."""
        return all(values[step, voice] != value for step, voice, value in self.notes)


@dataclass(frozen=True)
class InRange:
    """A voice between two MIDI pitches, in the steps that are sampled."""

    voice: int
    low: int
    high: int
    first: int  # the first step that it is asked of
    name: str

    @property
    def text(self) -> str:
        """What it asks, for the user."""
        return f"{self.name} from {self.low} to {self.high}"

    def narrow(self, space: Space) -> list[Space]:
        """Leave the pitches of the range, also those that the model would not use, and silence."""
        first = space.layout.voices[self.voice].first_value
        pitches = np.arange(space.values[self.voice].shape[1]) + first
        inside = (pitches >= self.low) & (pitches <= self.high)
        inside[-1] = True
        space.values[self.voice][self.first :] &= inside
        return [space]

    def holds(self, space: Space, values: Values, held: Held) -> bool:
        """Return whether every pitch is in the range."""
        pitches = values[self.first :, self.voice]
        sounding = pitches[pitches != NONE]
        return bool(((sounding >= self.low) & (sounding <= self.high)).all())


@dataclass(frozen=True)
class InScale:
    """Only these pitch classes, in all voices and chords, in the steps that are sampled."""

    classes: frozenset[int]
    first: int
    name: str

    @property
    def text(self) -> str:
        """What it asks, for the user."""
        return f"scale {self.name}"

    def narrow(self, space: Space) -> list[Space]:
        """Leave the pitches and chords of the scale."""
        for voice in range(len(space.layout.voices)):
            fits = [own <= self.classes for own in pitch_classes(space.layout, voice)]
            space.values[voice][self.first :] &= np.array([*fits, True])
        return [space]

    def holds(self, space: Space, values: Values, held: Held) -> bool:
        """Return whether every note is of the scale."""
        rows = values[self.first :]
        return all(set(sounding_classes(space.layout, row)) <= self.classes for row in rows)


@dataclass(frozen=True)
class MostNotes:
    """At most so many notes at once, the notes of a chord counted one by one."""

    count: int
    first: int

    @property
    def text(self) -> str:
        """What it asks, for the user."""
        return f"at most {self.count} notes at once"

    def narrow(self, space: Space) -> list[Space]:
        """Leave the number to the automaton, which counts."""
        return [replace(space, most_notes=self.count)]

    def holds(self, space: Space, values: Values, held: Held) -> bool:
        """Return whether no step has more."""
        counts = sum(
            weights(voice)[np.where(column == NONE, -1, column - voice.first_value)]
            for voice, column in zip(space.layout.voices, values[self.first :].T, strict=True)
        )
        return bool((np.asarray(counts) <= self.count).all())


@dataclass(frozen=True)
class Density:
    """How many notes of a voice begin in each of some bars."""

    notes: NotesInBar

    @property
    def text(self) -> str:
        """What it asks, for the user."""
        high = f"to {self.notes.high}" if self.notes.high else "or more"
        return f"{self.notes.low} {high} notes a bar"

    def narrow(self, space: Space) -> list[Space]:
        """Leave the number to the automaton, which counts."""
        return [replace(space, density=self.notes)]

    def holds(self, space: Space, values: Values, held: Held) -> bool:
        """Return whether every bar has as many."""
        column = values[:, self.notes.voice]
        began = (column != NONE) & ~held[:, self.notes.voice]
        counts = np.bincount(space.grid.bar_of[began], minlength=len(space.grid.bars))
        most = self.notes.high or len(column)
        return all(self.notes.low <= counts[bar] <= most for bar in self.notes.bars)


def pitch_classes(layout: Layout, voice: int) -> list[frozenset[int]]:
    """Return the pitch classes of each value of a voice but silence."""
    own = layout.voices[voice]
    values = range(own.first_value, own.first_value + own.value_count)
    if own.kind == "chord":
        return [chord_pitch_classes(value) for value in values]
    return [frozenset({value % 12}) for value in values]


def sounding_classes(layout: Layout, values: NDArray[np.int64]) -> Iterator[int]:
    """Yield the pitch classes that (S,) values sound."""
    for voice, value in zip(layout.voices, values.tolist(), strict=True):
        if value != NONE:
            pitches = value_pitches(value, voice)
            yield from (pitch % 12 for pitch in pitches)
