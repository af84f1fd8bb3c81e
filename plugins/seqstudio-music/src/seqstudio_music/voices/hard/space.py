"""What each voice may have in each step: the space that rules narrow before anything is sampled."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from seqstudio_music.chords import chord_pitches
from seqstudio_music.grid import Grid
from seqstudio_music.voices.tokens import NONE, Layout, Voice

RESTS, KEEPS, STRIKES = 0, 1, 2  # what a voice does in a step

Allowed = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class NotesInBar:
    """How many notes of one voice begin in each of some bars; `high` 0 is any number."""

    voice: int
    low: int
    high: int
    bars: frozenset[int]


@dataclass(frozen=True)
class Space:
    """The values and moves that are left to each voice, for each step of a grid.

    A value is an index: that of a pitch or chord from the voice's `first_value` on, and after the
    last of them that of silence.
    """

    layout: Layout
    grid: Grid
    values: tuple[Allowed, ...]  # for each voice (T, K + 1)
    moves: Allowed  # (T, S, 3): whether a voice may rest, keep what it has, strike
    most_notes: int = 0  # that sound at once; 0 is any number
    density: NotesInBar | None = None

    @classmethod
    def whole(cls, layout: Layout, grid: Grid) -> "Space":
        """Return the space in which all is allowed."""
        sizes = [voice.value_count + 1 for voice in layout.voices]
        values = [np.ones((grid.steps, size), dtype=np.bool_) for size in sizes]
        moves = np.ones((grid.steps, len(layout.voices), 3), dtype=np.bool_)
        return cls(layout, grid, tuple(values), moves)

    def copied(self) -> "Space":
        """Return a copy whose arrays can be changed."""
        values = tuple(voice.copy() for voice in self.values)
        return replace(self, values=values, moves=self.moves.copy())

    def index(self, voice: int, value: int) -> int:
        """Return the index of a value of a voice; NONE is silence."""
        if value == NONE:
            return self.layout.voices[voice].value_count
        return value - self.layout.voices[voice].first_value

    def only(self, voice: int, values: Iterable[int]) -> Allowed:
        """Return the (K + 1,) mask of some values of a voice."""
        mask = np.zeros(self.layout.voices[voice].value_count + 1, dtype=np.bool_)
        for value in values:
            mask[self.index(voice, value)] = True
        return mask

    def limits(self, voice: int, step: int) -> NotesInBar | None:
        """Return what limits the notes of a voice in the bar of a step, if anything does."""
        found = self.density
        if found is None or found.voice != voice or int(self.grid.bar_of[step]) not in found.bars:
            return None
        return found


def weights(voice: Voice) -> NDArray[np.int64]:
    """Return how many notes sound with each value of a voice: (K + 1,)."""
    if voice.kind == "pitch":
        sizes = [1] * voice.value_count
    else:
        sizes = [len(chord_pitches(chord)) for chord in range(voice.value_count)]
    return np.array([*sizes, 0])
