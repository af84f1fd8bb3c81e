"""Sampling of piano rolls: the guide that ends them, and the preview during training."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from seqstudio.api import LoadedModel, PreviewResult, Sampler, SamplingConfig, TakeSeed
from seqstudio.api.media import Score
from seqstudio_music.keyboard import KEYS
from seqstudio_music.rolls.data import Roll
from seqstudio_music.rolls.midi import roll_to_notes
from seqstudio_music.rolls.tokens import END, decode_roll

PREVIEW_FRAMES = 32
MAX_NOTES = 12  # in a sampled frame; measured frames have no such limit


class RollGuide:
    """Ends a take after `frames` frames, prompt included; a frame has at most `MAX_NOTES` notes."""

    def __init__(self, frames: int) -> None:
        self.frames = frames
        self.only_end = torch.zeros(KEYS + 1, dtype=torch.bool)
        self.only_end[END] = True

    def allowed(self, row: int, tokens: Sequence[int]) -> Tensor | None:
        """Allow only END in a full frame, otherwise all tokens; the decoder keeps them in order."""
        recent = tokens[-MAX_NOTES:]
        full = len(recent) == MAX_NOTES and END not in recent
        return self.only_end if full else None

    def finished(self, row: int, tokens: Sequence[int]) -> bool:
        """Return whether the last frame has ended."""
        return tokens.count(END) >= self.frames  # by C: this is asked at each token


def sample_rolls(
    sampler: Sampler,
    prompts: Sequence[Sequence[int]],
    frames: int,
    takes: Sequence[TakeSeed],
    config: SamplingConfig,
    on_progress: Callable[[float], None] = lambda share: None,
) -> list[Roll]:
    """Sample `frames` frames after each prompt.

    Parameters
    ----------
    prompts : one for each take, all with the same number of frames
    on_progress : called after each frame with the share of frames that are sampled

    Returns
    -------
    For each take (frames, 88), without the prompt
    """
    prompt_frames = sum(token == END for token in prompts[0])
    sampled: list[list[int]] = [[] for _ in takes]
    done = 0
    for row, token in sampler.sample(prompts, takes, RollGuide(prompt_frames + frames), config):
        sampled[row].append(token)
        if token == END:
            done += 1
            on_progress(done / (frames * len(takes)))
    return [decode_roll(tokens) for tokens in sampled]


def preview_roll(model: LoadedModel, frames_per_beat: int, seed: int) -> PreviewResult:
    """Compose `PREVIEW_FRAMES` frames without a prompt."""
    takes, config = [TakeSeed(1, seed)], SamplingConfig(top_p=0.95)
    roll = sample_rolls(model, [()], PREVIEW_FRAMES, takes, config)[0]
    score = Score.new()
    frame_ticks = score.ticks_per_beat / frames_per_beat
    notes = roll_to_notes(roll, frame_ticks, end_tick=round(len(roll) * frame_ticks))
    text = f"{len(notes)} notes in {len(roll)} frames"
    return PreviewResult(text=text, outputs={"midi": score.with_new_track(notes, name="Preview")})
