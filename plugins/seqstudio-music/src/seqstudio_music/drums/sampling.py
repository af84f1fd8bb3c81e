"""Sampling of drums: the guide that keeps a take to a kit, and what is known in advance."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqstudio.api import LoadedModel, PreviewResult, Sampler, SamplingConfig, TakeSeed
from seqstudio.api.media import Score
from seqstudio_music.drums.data import BEAT, MOST_STYLES, UNTAPPED, covariates
from seqstudio_music.drums.hits import END, PER_PIECE, VOCABULARY, Steps, notes_of, steps_of_tokens
from seqstudio_music.grid import TICKS_PER_BEAT, new_grid
from seqstudio_music.keyboard import DRUM_CHANNEL
from seqstudio_music.kit import PIECES, general_midi_kit


class DrumGuide:
    """Ends a take after `steps` steps, and keeps it to the pieces of a kit, each once in a step.

    Parameters
    ----------
    steps : of the whole take, prompt included
    kit : the pieces that may be struck
    struck : of each step the pieces that are struck in it, and no others; None leaves them free
    """

    def __init__(
        self, steps: int, kit: Sequence[int], struck: Sequence[Sequence[int]] | None = None
    ) -> None:
        self.steps, self.kit, self.struck = steps, sorted(kit), struck
        piece = torch.arange(VOCABULARY) // PER_PIECE
        self.of_piece = [piece == number for number in range(len(PIECES))]
        self.end = torch.zeros(VOCABULARY, dtype=torch.bool)
        self.end[END] = True

    def allowed(self, row: int, tokens: Sequence[int]) -> Tensor:
        """Allow the pieces after the last one of the step; or the next one that has to come."""
        last = tokens[-1] // PER_PIECE if tokens and tokens[-1] != END else -1
        if self.struck is not None:
            wanted = sorted(one for one in self.struck[tokens.count(END)] if one > last)
            return self.of_piece[wanted[0]] if wanted else self.end
        mask = self.end.clone()
        for piece in self.kit:
            if piece > last:
                mask |= self.of_piece[piece]
        return mask

    def group(self, row: int, tokens: Sequence[int]) -> Tensor:
        """Return the end of a step: whether more is struck is drawn as the model says.

        A hit is one of many tokens, by its velocity and timing; filters would favour the one end.
        """
        return self.end

    def finished(self, row: int, tokens: Sequence[int]) -> bool:
        """Return whether the last step has ended."""
        return tokens.count(END) >= self.steps


@dataclass(frozen=True)
class DrumPlan:
    """What is decided before the first hit: what is known of each step, and the kit."""

    covariates: NDArray[np.int64]  # (T, C), prompt included
    prompt: tuple[int, ...] = ()
    kit: tuple[int, ...] = tuple(range(len(PIECES)))
    struck: tuple[tuple[int, ...], ...] | None = None


def sample_drums(
    sampler: Sampler,
    plan: DrumPlan,
    takes: Sequence[TakeSeed],
    config: SamplingConfig,
    on_progress: Callable[[float], None] = lambda share: None,
) -> list[Steps]:
    """Sample the steps after the prompt, once for each take."""
    steps, begun = len(plan.covariates), plan.prompt.count(END)
    guide = DrumGuide(steps, plan.kit, plan.struck)
    sampled: list[list[int]] = [[] for _ in takes]
    known, done = torch.from_numpy(plan.covariates), 0
    for row, token in sampler.sample(
        [plan.prompt] * len(takes), takes, guide, config, covariates=known
    ):
        sampled[row].append(token)
        if token == END:
            done += 1
            on_progress(done / ((steps - begun) * len(takes)))
    return [steps_of_tokens(tokens) for tokens in sampled]


def preview_drums(model: LoadedModel, seed: int) -> PreviewResult:
    """Drum four bars of 4/4 at 110 quarter notes a minute."""
    grid = new_grid(4, (4, 4))
    plan = DrumPlan(covariates(grid, 110.0, MOST_STYLES, BEAT, UNTAPPED))
    steps = sample_drums(model, plan, [TakeSeed(1, seed)], SamplingConfig(top_p=0.95))[0]
    notes = notes_of(steps, grid, general_midi_kit())
    score = Score.new(ticks_per_beat=TICKS_PER_BEAT, tempo_bpm=110.0)
    score = score.with_new_track(notes, name="Drums", channel=DRUM_CHANNEL)
    return PreviewResult(text=f"{len(notes)} hits in 4 bars", outputs={"midi": score})
