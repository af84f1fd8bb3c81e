"""Voices as tokens: one token for each voice in each sixteenth.

In a sixteenth a voice rests, holds what it has, or begins a pitch. The chords of a lead sheet are a
voice too, which begins chords instead of pitches.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from seqstudio.api import ConfigError
from seqstudio_music.chords import CHORDS, QUALITIES
from seqstudio_music.keyboard import HIGHEST_PITCH, KEYS, LOWEST_PITCH

NONE = -1  # the value of a voice that rests
REST, HOLD, ONSET = 0, 1, 2  # tokens of a voice; from ONSET on one for each pitch or chord

Values = NDArray[np.int64]  # (T, S): the MIDI pitch or chord of each of S voices, or NONE
Held = NDArray[np.bool_]  # (T, S): whether a value continues from the step before


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """One voice. `low` and `high` bound the sampled pitches, not the measured ones."""

    name: str
    kind: Literal["pitch", "chord"] = "pitch"
    low: int = LOWEST_PITCH
    high: int = HIGHEST_PITCH
    program: int = 0
    velocity: int = 80

    def __post_init__(self) -> None:
        if not LOWEST_PITCH <= self.low <= self.high <= HIGHEST_PITCH:
            span = f"{LOWEST_PITCH} <= low <= high <= {HIGHEST_PITCH}"
            raise ConfigError(f"{self.name}: low={self.low}, high={self.high}, expected {span}")

    @property
    def value_count(self) -> int:
        """Number of pitches or chords."""
        return KEYS if self.kind == "pitch" else CHORDS

    @property
    def first_value(self) -> int:
        """The pitch or chord that the token ONSET begins."""
        return LOWEST_PITCH if self.kind == "pitch" else 0


CHORALE = (
    Voice(name="Soprano", program=52, velocity=88),
    Voice(name="Bass", program=52, velocity=84),
    Voice(name="Alto", program=52, velocity=76),
    Voice(name="Tenor", program=52, velocity=76),
)  # in the order of their tokens: the outer voices first
LEAD_SHEET = (
    Voice(name="Chords", kind="chord", program=21, velocity=60),
    Voice(name="Melody", program=73, velocity=92),
)
LAYOUTS: dict[str, tuple[Voice, ...]] = {"chorale": CHORALE, "lead-sheet": LEAD_SHEET}


@dataclass(frozen=True, slots=True)
class Layout:
    """The voices of a model and the tokens of each; voices of one kind share their tokens."""

    voices: tuple[Voice, ...]

    @property
    def ranges(self) -> tuple[tuple[int, int], ...]:
        """The half-open range of tokens of each voice."""
        starts: dict[str, int] = {}
        ranges, end = [], 0
        for voice in self.voices:
            size = ONSET + voice.value_count
            if voice.kind not in starts:
                starts[voice.kind] = end
                end += size
            ranges.append((starts[voice.kind], starts[voice.kind] + size))
        return tuple(ranges)

    @property
    def vocabulary(self) -> int:
        """Number of tokens."""
        return max(end for _, end in self.ranges)

    def encode(self, values: Values, held: Held) -> NDArray[np.int64]:
        """Encode a piece as (T, S) tokens."""
        starts = np.array([start for start, _ in self.ranges])
        first_values = np.array([voice.first_value for voice in self.voices])
        tokens = np.where(held, HOLD, ONSET + values - first_values)
        return starts + np.where(values == NONE, REST, tokens)

    def decode(self, tokens: NDArray[np.int64]) -> tuple[Values, Held]:
        """Decode (T, S) tokens; a HOLD with no onset before it becomes a rest."""
        starts = np.array([start for start, _ in self.ranges])
        first_values = np.array([voice.first_value for voice in self.voices])
        local = tokens - starts
        steps = np.arange(len(local))[:, None]
        source_steps = np.maximum.accumulate(np.where(local == HOLD, 0, steps), axis=0)
        source = np.take_along_axis(local, source_steps, axis=0)
        values = np.where(source < ONSET, NONE, source - ONSET + first_values)
        return values, (local == HOLD) & (values != NONE)

    def transpose(self, values: Values, semitones: int) -> Values:
        """Move every pitch and chord root by `semitones`."""
        transposed = values.copy()
        for column, voice in enumerate(self.voices):
            value = values[:, column]
            if voice.kind == "pitch":
                shifted = value + semitones
            else:
                shifted = (value + semitones * len(QUALITIES)) % CHORDS
            transposed[:, column] = np.where(value == NONE, NONE, shifted)
        return transposed

    def allowed_shifts(self, values: Values, lowest: int, highest: int) -> tuple[int, int]:
        """Narrow a range of transpositions to those that keep every voice between low and high.

        0 always stays in the range.
        """
        for column, voice in enumerate(self.voices):
            pitches = values[values[:, column] != NONE, column]
            if voice.kind == "pitch" and pitches.size:
                lowest = max(lowest, voice.low - int(pitches.min()))
                highest = min(highest, voice.high - int(pitches.max()))
        return min(lowest, 0), max(highest, 0)


def fit_ranges(voices: Sequence[Voice], pieces: Sequence[Values]) -> tuple[Voice, ...]:
    """Set low and high of each voice of pitches to the range that occurs in `pieces`."""
    fitted = []
    for column, voice in enumerate(voices):
        values = [piece[piece[:, column] != NONE, column] for piece in pieces]
        pitches = np.concatenate(values) if values else np.empty(0, dtype=np.int64)
        if voice.kind == "pitch" and pitches.size:
            voice = replace(voice, low=int(pitches.min()), high=int(pitches.max()))
        fitted.append(voice)
    return tuple(fitted)
