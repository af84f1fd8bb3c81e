"""Sampling of voices: the plan of a piece, and the draws of its takes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from seqstudio.api import (
    LoadedModel,
    ModelError,
    PreviewResult,
    Sampler,
    SamplingConfig,
    TakeSeed,
    stable_seed,
)
from seqstudio_music.grid import Grid, new_grid
from seqstudio_music.voices.cadence import closing_steps
from seqstudio_music.voices.constraints import VoiceGuide
from seqstudio_music.voices.covariates import covariates, of_tokens
from seqstudio_music.voices.data import piece_key
from seqstudio_music.voices.hard.constraints import Constraints, Start
from seqstudio_music.voices.hard.rules import Rule
from seqstudio_music.voices.hard.space import KEEPS, Space
from seqstudio_music.voices.notes import new_score
from seqstudio_music.voices.settings import VoiceSettings
from seqstudio_music.voices.tokens import Layout, Values

CONTEXT_STEPS = 512  # the last sixteenths of a primer, which are the prompt: 32 bars of 4/4
COMMON_KEYS = (0, 7, 2, 9, 5, 10, 3, 21, 16, 23, 14, 19, 12)  # up to three accidentals


@dataclass(frozen=True, slots=True)
class SamplingPlan:
    """What is decided before the first token is sampled."""

    grid: Grid  # of the whole piece, prompt included
    prompt: NDArray[np.int64]  # (T0, S) tokens; T0 is less than the steps of the grid
    skipped: int = 0  # leading steps of the prompt that the model does not see
    silent: tuple[int, ...] = ()  # indices of the voices that rest in all sampled steps
    cadence: bool = True  # whether the end is constrained to the tonic
    voice_leading: bool = True  # whether parallel fifths and octaves are masked
    apart: bool = False  # whether what sounds ends with the prompt
    in_key: bool = False  # whether what leads away from the key is masked
    rules: Callable[[int], Sequence[Rule]] | None = None  # that takes in a key meet


def new_piece_plan(layout: Layout, grid: Grid, **options: Any) -> SamplingPlan:
    """Return the plan for a piece without a prompt; `options` are fields of the plan."""
    return SamplingPlan(grid, np.empty((0, len(layout.voices)), dtype=np.int64), **options)


def model_layout(model: LoadedModel) -> Layout:
    """Return the layout of a model's voices.

    Raises
    ------
    ModelError
        If the tokens of its decoder are not those of its voices.
    """
    layout, found = Layout(model.settings.slots), model.module.config.decoder.vocabulary
    if found != layout.vocabulary:
        expected = f"expected {layout.vocabulary}, those of its voices"
        raise ModelError(f"model {model.name!r}: {found} tokens, {expected}")
    return layout


class Drawing:
    """What the draws of some takes share: the prompt, the covariates and the rules of each take.

    Parameters
    ----------
    keys : one for each take
    """

    def __init__(self, settings: VoiceSettings, plan: SamplingPlan, keys: Sequence[int]) -> None:
        self.plan, self.keys, self.layout = plan, keys, Layout(settings.slots)
        self.first = max(plan.skipped, len(plan.prompt) - CONTEXT_STEPS)
        self.prompt: list[int] = plan.prompt[self.first :].reshape(-1).tolist()
        alone = bool(plan.silent)
        known = [
            covariates(plan.grid, settings.bounds, key=key, end_known=True, alone=alone)
            for key in keys
        ]
        voices = len(self.layout.voices)
        self.covariates = torch.from_numpy(
            np.stack([of_tokens(one[self.first :], voices) for one in known])
        )
        steps = plan.grid.steps - len(plan.prompt)
        cadence = min(closing_steps(plan.grid), steps)
        self.cadence_steps = cadence if plan.cadence else 0
        self.constraints = self._constraints()

    def _constraints(self) -> list[Constraints]:
        """Return the constraints of each take; none without rules."""
        plan = self.plan
        if plan.rules is None:
            return []
        space = Space.whole(self.layout, plan.grid)
        if plan.apart:
            space.moves[len(plan.prompt), self.layout.marks_onsets, KEEPS] = False
        start = Start.after(space, *self.layout.decode(plan.prompt))
        by_key = {key: Constraints(plan.rules(key), space, start) for key in set(self.keys)}
        return [by_key[key] for key in self.keys]

    def guide(self, takes: Sequence[int], stop: int = 0) -> VoiceGuide:
        """Return the guide of rows that draw these takes, perhaps up to a step of the grid."""
        return VoiceGuide(
            self.layout,
            self.plan.grid.steps - self.first,
            [self.keys[take] for take in takes],
            cadence_steps=self.cadence_steps,
            silent=self.plan.silent,
            voice_leading=self.plan.voice_leading,
            in_key=self.plan.in_key,
            hard=[self.constraints[take] for take in takes] if self.constraints else (),
            offset=self.first,
            stop=stop - self.first if stop else 0,
        )

    def certificate(self, take: int, tokens: NDArray[np.int64]) -> dict[str, bool]:
        """Return of each rule of a take whether (T, S) tokens meet it; empty without rules."""
        if not self.constraints:
            return {}
        return self.constraints[take].certificate(*self.layout.decode(tokens))

    def estimated_key(self, values: Values) -> int:
        """Return the key that (T, S) values suggest."""
        return piece_key(self.layout.voices, values)

    def whole(self, tokens: Sequence[int]) -> NDArray[np.int64]:
        """Return the (T, S) tokens of the grid, of those that the model saw or sampled."""
        seen = np.array(tokens, dtype=np.int64).reshape(-1, len(self.layout.voices))
        return np.concatenate([self.plan.prompt[: self.first], seen])


def sample_voices(
    sampler: Sampler,
    drawing: Drawing,
    takes: Sequence[TakeSeed],
    config: SamplingConfig,
    on_progress: Callable[[float], None] = lambda share: None,
) -> list[NDArray[np.int64]]:
    """Sample what follows the prompt, up to the end of the grid.

    Parameters
    ----------
    drawing : of as many takes
    on_progress : called after each step with the share of steps that are sampled

    Returns
    -------
    For each take (T, S) tokens of the whole grid, prompt included
    """
    guide, voices = drawing.guide(range(len(takes))), len(drawing.layout.voices)
    sampled = [list(drawing.prompt) for _ in takes]
    left = (drawing.plan.grid.steps - len(drawing.plan.prompt)) * voices
    for row, token in sampler.sample(
        [drawing.prompt] * len(takes), takes, guide, config, covariates=drawing.covariates
    ):
        sampled[row].append(token)
        done = len(sampled[row]) - len(drawing.prompt)
        if row == len(takes) - 1 and done % voices == 0:
            on_progress(done / left)
    return [drawing.whole(tokens) for tokens in sampled]


def random_key(seed: int) -> int:
    """Return a key with few accidentals, determined by the seed of a take."""
    return COMMON_KEYS[stable_seed(seed, "key") % len(COMMON_KEYS)]


def preview_voices(model: LoadedModel, settings: VoiceSettings, seed: int) -> PreviewResult:
    """Compose four bars of 4/4, the end unconstrained: it shows what the model itself does."""
    layout, grid = Layout(settings.slots), new_grid(4, (4, 4))
    plan = new_piece_plan(layout, grid, cadence=False)
    takes, config = [TakeSeed(1, seed)], SamplingConfig(top_p=0.95)
    key = random_key(seed)
    drawing = Drawing(settings, plan, [key])
    tokens = sample_voices(model, drawing, takes, config)[0]
    score = new_score(layout, tokens, grid, key=key, tempo_bpm=90.0)
    return PreviewResult(text=f"{len(score.notes)} notes in 4 bars", outputs={"midi": score})
