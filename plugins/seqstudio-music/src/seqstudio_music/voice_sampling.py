"""Drawing voices: the guide that keeps them singable, and notes from what was drawn."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from seqstudio.api import LoadedModel, Note, SamplingConfig, Take
from seqstudio.api.media import Score
from seqstudio_music.chords import LOWEST_ROOT, chord_pitches
from seqstudio_music.covariates import covariates
from seqstudio_music.grid import Grid, whole_bar
from seqstudio_music.slots import NONE, Held, Layout, Slot, Values
from seqstudio_music.voice_batches import voice_settings


class VoiceGuide:
    """Ends a take after so many steps; keeps voices in range and lets hold only what sounds."""

    def __init__(self, layout: Layout, steps: int) -> None:
        self.layout = layout
        self.tokens = steps * len(layout.slots)
        self.struck = [self._struck(slot) for slot in range(len(layout.slots))]

    def allowed(self, take: int, tokens: Sequence[int]) -> Tensor:
        """Let the next slot rest, strike in its range, or hold what it had in the step before."""
        slots = len(self.layout.slots)
        slot = len(tokens) % slots
        mask = self.struck[slot]
        if not self.layout.slots[slot].strikes or len(tokens) < slots:
            return mask
        start, values = self.layout.ranges[slot][0], self.layout.slots[slot].values
        before = tokens[-slots] - start - 1
        if before < 0:
            return mask
        mask = mask.clone()
        mask[start + 1 + values + before % values] = True
        return mask

    def finished(self, take: int, tokens: Sequence[int]) -> bool:
        """Say whether the last step is complete."""
        return len(tokens) >= self.tokens

    def _struck(self, number: int) -> Tensor:
        """Mark rest and onsets of a slot: (V,) bool."""
        slot, (start, _) = self.layout.slots[number], self.layout.ranges[number]
        mask = torch.zeros(self.layout.vocabulary, dtype=torch.bool)
        mask[start] = True
        if slot.kind == "pitch":
            first = start + 1 - slot.first
            mask[first + slot.low : first + slot.high + 1] = True
        else:
            mask[start + 1 : start + 1 + slot.values] = True
        return mask


@dataclass(frozen=True, slots=True)
class Drawn:
    """What one take sounds like on its grid."""

    values: Values  # (T, S)
    held: Held  # (T, S)


def notes_of(drawn: Drawn, slot: int, slots: Sequence[Slot], grid: Grid) -> list[Note]:
    """Turn the steps of one voice into notes: every note ends, none overlaps another."""
    values, held = drawn.values[:, slot], drawn.held[:, slot]
    begins = (values != NONE) & ~held
    ends = np.flatnonzero(begins | (values == NONE))
    notes = []
    for first in np.flatnonzero(begins).tolist():
        later = ends[ends > first]
        end = int(later[0]) if later.size else len(values)
        onset, length = int(grid.ticks[first]), int(grid.ticks[end] - grid.ticks[first])
        for pitch in pitches_of(int(values[first]), slots[slot]):
            notes.append(Note(onset, pitch, max(length, 1), slots[slot].velocity))
    return notes


def pitches_of(value: int, slot: Slot) -> tuple[int, ...]:
    """Spell a pitch or a chord as MIDI pitches."""
    return (value,) if slot.kind == "pitch" else chord_pitches(value)


def draw_takes(
    sampler: Sampler,
    layout: Layout,
    grid: Grid,
    takes: Sequence[Take],
    config: SamplingConfig,
    *,
    key: int | None,
    given: NDArray[np.int64] | None = None,
) -> Iterator[tuple[int, int]]:
    ...
