"""Voices as tokens: what each voice does in each sixteenth, one token a voice.

A pitch voice is silent, strikes a key, or holds it; the token of a held note names its pitch, so
that the model need not remember it. A chord voice does the same with chords. Data that cannot
tell a held note from a repeated one have no strikes: a pitch that goes on is held.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from seqstudio.api import ConfigError
from seqstudio_music.chords import CHORDS, QUALITIES
from seqstudio_music.roll_data import KEYS, LOWEST

NONE = -1

Values = NDArray[np.int64]  # (T, S): a MIDI pitch, a chord, or NONE
Held = NDArray[np.bool_]  # (T, S): goes on from the step before


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One voice. `low` and `high` bound the pitches that are sampled, not those measured."""

    name: str
    kind: Literal["pitch", "chord"] = "pitch"
    strikes: bool = True  # a repeated note differs from a held one
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
    Slot(name="Soprano", strikes=False, program=52, velocity=88),
    Slot(name="Bass", strikes=False, program=52, velocity=84),
    Slot(name="Alto", strikes=False, program=52, velocity=76),
    Slot(name="Tenor", strikes=False, program=52, velocity=76),
)  # in the order of spelling: the outer voices first
LEAD_SHEET = (
    Slot(name="Chords", kind="chord", program=21, velocity=60),
    Slot(name="Melody", program=73, velocity=92),
)
LAYOUTS: dict[str, tuple[Slot, ...]] = {"chorale": CHORALE, "lead-sheet": LEAD_SHEET}


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the tokens of each slot lie: slots of a kind share theirs, token 0 of each is NONE."""

    slots: tuple[Slot, ...]

    @property
    def ranges(self) -> tuple[tuple[int, int], ...]:
        """The half-open range of tokens of each slot."""
        found: list[tuple[int, int]] = []
        starts: dict[str, tuple[int, int]] = {}
        past = 0
        for slot in self.slots:
            size = 1 + slot.values * (2 if slot.strikes else 1)
            if slot.kind not in starts:
                starts[slot.kind] = past, past + size
                past += size
            start, end = starts[slot.kind]
            if end - start != size:
                raise ConfigError(f"{slot.name}: strikes={slot.strikes}, expected as its like")
            found.append((start, end))
        return tuple(found)

    @property
    def vocabulary(self) -> int:
        """How many tokens there are."""
        return max(end for _, end in self.ranges)

    def encode(self, values: Values, held: Held) -> NDArray[np.int64]:
        """Give the (T, S) tokens of what sounds."""
        tokens = np.empty_like(values)
        for column, (slot, (start, _)) in enumerate(zip(self.slots, self.ranges, strict=True)):
            value = values[:, column]
            token = start + 1 + value - slot.first
            if slot.strikes:
                token = token + slot.values * held[:, column]
            tokens[:, column] = np.where(value == NONE, start, token)
        return tokens

    def decode(self, tokens: NDArray[np.int64]) -> tuple[Values, Held]:
        """Give what sounds in (T, S) tokens. Without strikes what goes on is held."""
        values, held = np.empty_like(tokens), np.zeros(tokens.shape, dtype=np.bool_)
        for column, (slot, (start, _)) in enumerate(zip(self.slots, self.ranges, strict=True)):
            token = tokens[:, column] - start - 1
            values[:, column] = np.where(token < 0, NONE, token % slot.values + slot.first)
            if slot.strikes:
                held[:, column] = token >= slot.values
            else:
                same = values[1:, column] == values[:-1, column]
                held[1:, column] = same & (values[1:, column] != NONE)
        return values, held

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
