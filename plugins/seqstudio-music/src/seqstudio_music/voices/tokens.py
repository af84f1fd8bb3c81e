"""Voices as tokens: one token for each voice in each sixteenth.

A voice of a lead sheet rests, holds what it has, or begins a pitch. Its chords are a voice too,
which begins chords instead of pitches. A voice of a chorale rests or sounds a pitch: the data do
not tell a repeated note from a held one, and a model that says each sixteenth what sounds moves
more like them than one that says that nothing changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqstudio.api import ConfigError
from seqstudio_music.chords import CHORDS, QUALITIES
from seqstudio_music.keyboard import HIGHEST_PITCH, KEYS, LOWEST_PITCH

NONE = -1  # the value of a voice that rests
REST, HOLD, ONSET = 0, 1, 2  # tokens of a voice that marks onsets; the last for each value
SOUND = 1  # the first token of a pitch that sounds, in a voice that does not mark onsets

Values = NDArray[np.int64]  # (T, S): the MIDI pitch or chord of each of S voices, or NONE
Held = NDArray[np.bool_]  # (T, S): whether a value continues from the step before
Column = tuple[Values, Held]  # (T,) of one voice, or (T, S) of all


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """One voice. `low` and `high` bound the sampled pitches, not the measured ones."""

    name: str
    kind: Literal["pitch", "chord"] = "pitch"
    marks_onsets: bool = True  # whether its tokens tell the onset of a value from its hold
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
        """The pitch or chord of the first token that is neither a rest nor a hold."""
        return LOWEST_PITCH if self.kind == "pitch" else 0

    @property
    def first_token(self) -> int:
        """The token of `first_value`, counted from the first token of the voice."""
        return ONSET if self.marks_onsets else SOUND


CHORALE = tuple(
    Voice(name=name, program=52, velocity=velocity, marks_onsets=False)
    for name, velocity in (("Soprano", 88), ("Bass", 84), ("Tenor", 76), ("Alto", 76))
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
            size = voice.first_token + voice.value_count
            if voice.kind not in starts:
                starts[voice.kind] = end
                end += size
            ranges.append((starts[voice.kind], starts[voice.kind] + size))
        return tuple(ranges)

    @property
    def vocabulary(self) -> int:
        """Number of tokens."""
        return max(end for _, end in self.ranges)

    @property
    def starts(self) -> NDArray[np.int64]:
        """The first token of each voice: (S,)."""
        return np.array([start for start, _ in self.ranges])

    @property
    def first_tokens(self) -> NDArray[np.int64]:
        """The token of each voice's `first_value`: (S,)."""
        starts = zip(self.ranges, self.voices, strict=True)
        return np.array([start + voice.first_token for (start, _), voice in starts])

    @property
    def marks_onsets(self) -> NDArray[np.bool_]:
        """Whether each voice marks onsets: (S,)."""
        return np.array([voice.marks_onsets for voice in self.voices])

    @property
    def chords(self) -> NDArray[np.bool_]:
        """Whether each voice is one of chords: (S,)."""
        return np.array([voice.kind == "chord" for voice in self.voices])

    @property
    def has_chords(self) -> bool:
        """Whether any voice is one of chords."""
        return bool(self.chords.any())

    @property
    def token_mask(self) -> Tensor:
        """Which tokens each voice has: (S, V) bool."""
        tokens = torch.arange(self.vocabulary)
        return torch.stack([(tokens >= start) & (tokens < end) for start, end in self.ranges])

    def encode(self, values: Values, held: Held) -> NDArray[np.int64]:
        """Encode a piece as (T, S) tokens."""
        first_values = np.array([voice.first_value for voice in self.voices])
        tokens = self.first_tokens + values - first_values
        tokens = np.where(held & self.marks_onsets, self.starts + HOLD, tokens)
        return np.where(values == NONE, self.starts + REST, tokens)

    def decode(self, tokens: NDArray[np.int64]) -> tuple[Values, Held]:
        """Decode (T, S) tokens; a HOLD with no onset before it becomes a rest.

        In a voice that does not mark onsets, a value that repeats the one before is held.
        """
        first_values = np.array([voice.first_value for voice in self.voices])
        holds = (tokens == self.starts + HOLD) & self.marks_onsets
        steps = np.arange(len(tokens))[:, None]
        source_steps = np.maximum.accumulate(np.where(holds, 0, steps), axis=0)
        source = np.take_along_axis(tokens, source_steps, axis=0) - self.first_tokens
        values = np.where(source < 0, NONE, source + first_values)
        return values, np.where(self.marks_onsets, holds, repeated(values)) & (values != NONE)

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


def repeated(values: Values) -> Held:
    """Return which values equal the one before."""
    same = np.zeros(values.shape, dtype=np.bool_)
    same[1:] = (values[1:] == values[:-1]) & (values[1:] != NONE)
    return same
