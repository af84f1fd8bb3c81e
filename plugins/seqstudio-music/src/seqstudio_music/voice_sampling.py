"""Drawing voices, and notes from what was drawn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from seqstudio.api import (
    LoadedModel,
    ModelError,
    Note,
    PreviewResult,
    SamplingConfig,
    TakeSeed,
    stable_seed,
)
from seqstudio.api.media import Score
from seqstudio_music.chords import chord_pitches
from seqstudio_music.covariates import covariates
from seqstudio_music.grid import Grid, whole_bar
from seqstudio_music.sampler import Sampler
from seqstudio_music.slots import NONE, Layout, Slot
from seqstudio_music.voice_batches import VoiceSettings
from seqstudio_music.voice_guide import CLOSE_STEPS, VoiceGuide

CONTEXT_STEPS = 512  # sixteenths of a primer that are listened to: its last 32 bars of 4/4
TICKS_PER_BEAT = 480
COMMON_KEYS = (0, 7, 2, 9, 5, 10, 3, 21, 16, 23, 14, 19, 12)  # up to three accidentals


@dataclass(frozen=True, slots=True)
class Plan:
    """What is known before the first draw: the bars, the key, and the steps that are given."""

    grid: Grid
    given: NDArray[np.int64]  # (T0, S) tokens; T0 is less than the steps of the grid
    unheard: int = 0  # leading steps of them that the model is not told of
    silent: tuple[int, ...] = ()  # slots that rest in all that is drawn
    close: bool = True  # hold the end to the tonic; a preview shows what the model does unheld


def layout_of(model: LoadedModel) -> Layout:
    """Give the layout of a model's slots.

    Raises
    ------
    ModelError
        If its vocabulary is not that of its slots.
    """
    layout, found = Layout(model.settings.slots), tuple(model.module.config.decoder.slot_ranges)
    if found != layout.ranges:
        raise ModelError(
            f"model {model.name!r}: tokens {found} for slots {layout.ranges}, expected the same"
        )
    return layout


def draw_voices(
    sampler: Sampler,
    settings: VoiceSettings,
    plan: Plan,
    keys: Sequence[int],
    takes: Sequence[TakeSeed],
    config: SamplingConfig,
    heard: Callable[[float], None] = lambda share: None,
) -> list[NDArray[np.int64]]:
    """Draw what follows the given steps, to the end of the grid.

    Parameters
    ----------
    keys : one for each take
    heard : told the share that is drawn, after each step

    Returns
    -------
    For each take (T, S) tokens of the whole grid, given ones included
    """
    layout, slots = Layout(settings.slots), len(settings.slots)
    first = max(plan.unheard, len(plan.given) - CONTEXT_STEPS)
    prompt = plan.given[first:].reshape(-1).tolist()
    known = [
        covariates(plan.grid, settings.bounds, key=key, end_known=True)[first:] for key in keys
    ]
    left = plan.grid.steps - len(plan.given)
    closing = min(CLOSE_STEPS, plan.grid.counts[-1] // 2, left) if plan.close else 0
    guide = VoiceGuide(layout, plan.grid.steps - first, keys, closing=closing, silent=plan.silent)
    drawn: list[list[int]] = [[] for _ in takes]
    wanted = left * slots
    for row, token in sampler.sample(
        [prompt] * len(takes), takes, guide, config, covariates=torch.from_numpy(np.stack(known))
    ):
        drawn[row].append(token)
        if row == len(takes) - 1 and len(drawn[row]) % slots == 0:
            heard(len(drawn[row]) / wanted)
    return [
        np.concatenate([plan.given, np.array(tokens, dtype=np.int64).reshape(-1, slots)])
        for tokens in drawn
    ]


def notes_of_slot(
    layout: Layout, tokens: NDArray[np.int64], slot: int, grid: Grid, first: int
) -> list[Note]:
    """Turn the steps of one voice from step `first` on into notes.

    What is held over from before `first` begins there. Every note ends, and none overlaps another.
    """
    values, held = (column[first:, slot].copy() for column in layout.decode(tokens))
    held[:1] = False
    begins = (values != NONE) & ~held
    ends = np.append(np.flatnonzero(begins | (values == NONE)), len(values))
    notes = []
    for at in np.flatnonzero(begins).tolist():
        until = int(ends[np.searchsorted(ends, at, side="right")])
        onset = int(grid.ticks[first + at])
        length = max(int(grid.ticks[first + until]) - onset, 1)
        for pitch in pitches_of(int(values[at]), layout.slots[slot]):
            notes.append(Note(onset, pitch, length, layout.slots[slot].velocity))
    return notes


def pitches_of(value: int, slot: Slot) -> tuple[int, ...]:
    """Spell a pitch or a chord as MIDI pitches."""
    return (value,) if slot.kind == "pitch" else chord_pitches(value)


def score_of(
    layout: Layout,
    tokens: NDArray[np.int64],
    grid: Grid,
    *,
    tempo_bpm: float,
) -> Score:
    """Write a whole piece, a track for each voice, the highest voice first."""
    bar = grid.bars[-1]
    score = Score.new(
        ticks_per_beat=grid.ticks_per_beat, tempo_bpm=tempo_bpm, meter=(bar.beats, bar.unit)
    )
    notes = [notes_of_slot(layout, tokens, slot, grid, 0) for slot in range(len(layout.slots))]
    order = sorted(range(len(notes)), key=lambda slot: -mean_pitch(notes[slot]))
    for channel, slot in enumerate(order):
        voice = layout.slots[slot]
        score = score.with_new_track(
            notes[slot], name=voice.name, program=voice.program, channel=channel
        )
    return score


def mean_pitch(notes: Sequence[Note]) -> float:
    """Give the mean pitch; 0 where there is no note."""
    return sum(note.pitch for note in notes) / max(len(notes), 1)


def new_grid(bars: int, meter: tuple[int, int]) -> Grid:
    """Lay bars of one meter."""
    return Grid((whole_bar(*meter, TICKS_PER_BEAT),) * bars, TICKS_PER_BEAT)


def drawn_key(seed: int) -> int:
    """Choose a key of few accidentals for a take that was given none."""
    return COMMON_KEYS[stable_seed(seed, "key") % len(COMMON_KEYS)]


def preview_voices(model: LoadedModel, settings: VoiceSettings, seed: int) -> PreviewResult:
    """Compose four bars of 4/4."""
    layout, grid = Layout(settings.slots), new_grid(4, (4, 4))
    plan = Plan(grid, np.empty((0, len(layout.slots)), dtype=np.int64), close=False)
    takes, config = [TakeSeed(1, seed)], SamplingConfig(top_p=0.95)
    tokens = draw_voices(model, settings, plan, [drawn_key(seed)], takes, config)[0]
    score = score_of(layout, tokens, grid, tempo_bpm=90.0)
    return PreviewResult(text=f"{len(score.notes)} notes in 4 bars", outputs={"midi": score})
