"""Sampling of voices, and the conversion of sampled tokens to notes."""

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
    Sampler,
    SamplingConfig,
    TakeSeed,
    stable_seed,
)
from seqstudio.api.media import Score
from seqstudio_music.chords import chord_pitches
from seqstudio_music.grid import Grid, new_grid
from seqstudio_music.voices.constraints import VoiceGuide
from seqstudio_music.voices.covariates import covariates
from seqstudio_music.voices.settings import VoiceSettings
from seqstudio_music.voices.tokens import NONE, Layout, Voice

CONTEXT_STEPS = 512  # the last sixteenths of a primer, which are the prompt: 32 bars of 4/4
CADENCE_STEPS = 8  # sixteenths at the end that are on the tonic; at most half a bar
COMMON_KEYS = (0, 7, 2, 9, 5, 10, 3, 21, 16, 23, 14, 19, 12)  # up to three accidentals


@dataclass(frozen=True, slots=True)
class SamplingPlan:
    """What is decided before the first token is sampled."""

    grid: Grid  # of the whole piece, prompt included
    prompt: NDArray[np.int64]  # (T0, S) tokens; T0 is less than the steps of the grid
    skipped: int = 0  # leading steps of the prompt that the model does not see
    silent: tuple[int, ...] = ()  # indices of the voices that rest in all sampled steps
    cadence: bool = True  # whether the end is constrained to the tonic


def new_piece_plan(layout: Layout, grid: Grid, *, cadence: bool = True) -> SamplingPlan:
    """Return the plan for a piece without a prompt."""
    return SamplingPlan(grid, np.empty((0, len(layout.voices)), dtype=np.int64), cadence=cadence)


def model_layout(model: LoadedModel) -> Layout:
    """Return the layout of a model's voices.

    Raises
    ------
    ModelError
        If the tokens of its decoder are not those of its voices.
    """
    layout, found = Layout(model.settings.slots), tuple(model.module.config.decoder.slot_ranges)
    if found != layout.ranges:
        raise ModelError(
            f"model {model.name!r}: tokens {found} for slots {layout.ranges}, expected the same"
        )
    return layout


def sample_voices(
    sampler: Sampler,
    settings: VoiceSettings,
    plan: SamplingPlan,
    keys: Sequence[int],
    takes: Sequence[TakeSeed],
    config: SamplingConfig,
    on_progress: Callable[[float], None] = lambda share: None,
) -> list[NDArray[np.int64]]:
    """Sample what follows the prompt, up to the end of the grid.

    Parameters
    ----------
    keys : one for each take
    on_progress : called after each step with the share of steps that are sampled

    Returns
    -------
    For each take (T, S) tokens of the whole grid, prompt included
    """
    layout, voices = Layout(settings.slots), len(settings.slots)
    first = max(plan.skipped, len(plan.prompt) - CONTEXT_STEPS)
    prompt = plan.prompt[first:].reshape(-1).tolist()
    known = [
        covariates(plan.grid, settings.bounds, key=key, end_known=True)[first:] for key in keys
    ]
    steps = plan.grid.steps - len(plan.prompt)
    cadence_limit = min(CADENCE_STEPS, plan.grid.steps_per_bar[-1] // 2, steps)
    guide = VoiceGuide(
        layout,
        plan.grid.steps - first,
        keys,
        cadence_steps=cadence_limit if plan.cadence else 0,
        silent=plan.silent,
    )
    sampled: list[list[int]] = [[] for _ in takes]
    for row, token in sampler.sample(
        [prompt] * len(takes), takes, guide, config, covariates=torch.from_numpy(np.stack(known))
    ):
        sampled[row].append(token)
        if row == len(takes) - 1 and len(sampled[row]) % voices == 0:
            on_progress(len(sampled[row]) / (steps * voices))
    return [
        np.concatenate([plan.prompt, np.array(tokens, dtype=np.int64).reshape(-1, voices)])
        for tokens in sampled
    ]


def voice_notes(
    layout: Layout, tokens: NDArray[np.int64], voice: int, grid: Grid, first: int
) -> list[Note]:
    """Convert the steps of one voice from step `first` on to notes.

    A value held over from before `first` begins again there. Every note ends, and none overlap.
    """
    values, held = (column[first:, voice].copy() for column in layout.decode(tokens))
    held[:1] = False
    onsets = (values != NONE) & ~held
    ends = np.append(np.flatnonzero(onsets | (values == NONE)), len(values))
    notes = []
    for step in np.flatnonzero(onsets).tolist():
        end = int(ends[np.searchsorted(ends, step, side="right")])
        onset = int(grid.ticks[first + step])
        length = max(int(grid.ticks[first + end]) - onset, 1)
        for pitch in value_pitches(int(values[step]), layout.voices[voice]):
            notes.append(Note(onset, pitch, length, layout.voices[voice].velocity))
    return notes


def value_pitches(value: int, voice: Voice) -> tuple[int, ...]:
    """Return the MIDI pitches of a pitch or chord."""
    return (value,) if voice.kind == "pitch" else chord_pitches(value)


def new_score(
    layout: Layout,
    tokens: NDArray[np.int64],
    grid: Grid,
    *,
    tempo_bpm: float,
) -> Score:
    """Return the score of a new piece, one track for each voice, the highest voice first."""
    bar = grid.bars[-1]
    score = Score.new(
        ticks_per_beat=grid.ticks_per_beat, tempo_bpm=tempo_bpm, meter=(bar.beats, bar.unit)
    )
    notes = [voice_notes(layout, tokens, voice, grid, 0) for voice in range(len(layout.voices))]
    order = sorted(range(len(notes)), key=lambda number: -mean_pitch(notes[number]))
    for channel, number in enumerate(order):
        voice = layout.voices[number]
        score = score.with_new_track(
            notes[number], name=voice.name, program=voice.program, channel=channel
        )
    return score


def mean_pitch(notes: Sequence[Note]) -> float:
    """Return the mean MIDI pitch; 0 if there are no notes."""
    return sum(note.pitch for note in notes) / max(len(notes), 1)


def random_key(seed: int) -> int:
    """Return a key with few accidentals, determined by the seed of a take."""
    return COMMON_KEYS[stable_seed(seed, "key") % len(COMMON_KEYS)]


def preview_voices(model: LoadedModel, settings: VoiceSettings, seed: int) -> PreviewResult:
    """Compose four bars of 4/4, the end unconstrained: it shows what the model itself does."""
    layout, grid = Layout(settings.slots), new_grid(4, (4, 4))
    plan = new_piece_plan(layout, grid, cadence=False)
    takes, config = [TakeSeed(1, seed)], SamplingConfig(top_p=0.95)
    tokens = sample_voices(model, settings, plan, [random_key(seed)], takes, config)[0]
    score = new_score(layout, tokens, grid, tempo_bpm=90.0)
    return PreviewResult(text=f"{len(score.notes)} notes in 4 bars", outputs={"midi": score})
