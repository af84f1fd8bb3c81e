"""Voices as tokens: what each voice does in each sixteenth, one token a voice.

A voice rests, holds what it has, or strikes a pitch; a voice of chords does the same with chords.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from seqstudio.api import ConfigError
from seqstudio_music.chords import CHORDS, QUALITIES
from seqstudio_music.roll_data import KEYS, LOWEST

NONE = -1  # the value of a voice that rests
REST, HOLD, FIRST = 0, 1, 2  # tokens of each kind of voice: then one for each pitch or chord

Values = NDArray[np.int64]  # (T, S): a MIDI pitch, a chord, or NONE
Held = NDArray[np.bool_]  # (T, S): goes on from the step before


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One voice. `low` and `high` bound the pitches that are sampled, not those measured."""

    name: str
    kind: Literal["pitch", "chord"] = "pitch"
    low: int = LOWEST
    high: int = LOWEST + KEYS - 1
    program: int = 0
    velocity: int = 80

    def __post_init__(self) -> None:
        if not LOWEST <= self.low <= self.high < LOWEST + KEYS:
            span = f"{LOWEST} <= low <= high <= {LOWEST + KEYS - 1}"
            raise ConfigError(f"{self.name}: low={self.low}, high={self.high}, expected {span}")

    @property
    def values(self) -> int:
        """How many pitches or chords there are."""
        return KEYS if self.kind == "pitch" else CHORDS

    @property
    def first(self) -> int:
        """The value of the first token after silence."""
        return LOWEST if self.kind == "pitch" else 0


CHORALE = (
    Slot(name="Soprano", program=52, velocity=88),
    Slot(name="Bass", program=52, velocity=84),
    Slot(name="Alto", program=52, velocity=76),
    Slot(name="Tenor", program=52, velocity=76),
)  # in the order of spelling: the outer voices first
LEAD_SHEET = (
    Slot(name="Chords", kind="chord", program=21, velocity=60),
    Slot(name="Melody", program=73, velocity=92),
)
LAYOUTS: dict[str, tuple[Slot, ...]] = {"chorale": CHORALE, "lead-sheet": LEAD_SHEET}


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the tokens of each slot lie; slots of a kind share theirs."""

    slots: tuple[Slot, ...]

    @property
    def ranges(self) -> tuple[tuple[int, int], ...]:
        """The half-open range of tokens of each slot."""
        starts: dict[str, int] = {}
        found, past = [], 0
        for slot in self.slots:
            size = FIRST + slot.values
            if slot.kind not in starts:
                starts[slot.kind] = past
                past += size
            found.append((starts[slot.kind], starts[slot.kind] + size))
        return tuple(found)

    @property
    def vocabulary(self) -> int:
        """How many tokens there are."""
        return max(end for _, end in self.ranges)

    def encode(self, values: Values, held: Held) -> NDArray[np.int64]:
        """Give the (T, S) tokens of what sounds."""
        starts = np.array([start for start, _ in self.ranges])
        firsts = np.array([slot.first for slot in self.slots])
        tokens = np.where(held, HOLD, FIRST + values - firsts)
        return starts + np.where(values == NONE, REST, tokens)

    def decode(self, tokens: NDArray[np.int64]) -> tuple[Values, Held]:
        """Give what sounds in (T, S) tokens; what is held from before the first step rests."""
        starts = np.array([start for start, _ in self.ranges])
        firsts = np.array([slot.first for slot in self.slots])
        local = tokens - starts
        steps = np.arange(len(local))[:, None]
        said = np.maximum.accumulate(np.where(local == HOLD, 0, steps), axis=0)
        spoken = np.take_along_axis(local, said, axis=0)
        values = np.where(spoken < FIRST, NONE, spoken - FIRST + firsts)
        return values, (local == HOLD) & (values != NONE)

    def transpose(self, values: Values, semitones: int) -> Values:
        """Move every pitch and chord root by `semitones`."""
        moved = values.copy()
        for column, slot in enumerate(self.slots):
            value = values[:, column]
            if slot.kind == "pitch":
                shifted = value + semitones
            else:
                shifted = (value + semitones * len(QUALITIES)) % CHORDS
            moved[:, column] = np.where(value == NONE, NONE, shifted)
        return moved

    def shifts(self, values: Values, lowest: int, highest: int) -> tuple[int, int]:
        """Narrow a range of transpositions to those that keep every voice between low and high.

        0 always stays in the range.
        """
        for column, slot in enumerate(self.slots):
            pitches = values[values[:, column] != NONE, column]
            if slot.kind == "pitch" and pitches.size:
                lowest = max(lowest, slot.low - int(pitches.min()))
                highest = min(highest, slot.high - int(pitches.max()))
        return min(lowest, 0), max(highest, 0)


def with_ranges(slots: Sequence[Slot], pieces: Sequence[Values]) -> tuple[Slot, ...]:
    """Set low and high of each pitch slot to what occurs in `pieces`."""
    fitted = []
    for column, slot in enumerate(slots):
        sung = [piece[piece[:, column] != NONE, column] for piece in pieces]
        pitches = np.concatenate(sung) if sung else np.empty(0, dtype=np.int64)
        if slot.kind == "pitch" and pitches.size:
            slot = replace(slot, low=int(pitches.min()), high=int(pitches.max()))
        fitted.append(slot)
    return tuple(fitted)
