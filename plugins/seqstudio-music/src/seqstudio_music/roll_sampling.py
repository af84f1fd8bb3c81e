"""Drawing piano rolls: the guide that ends them, and the preview of a half-trained model."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from seqstudio.api import LoadedModel, PreviewResult, SamplingConfig, TakeSeed
from seqstudio.api.media import Score
from seqstudio_music.roll_data import KEYS, Rows
from seqstudio_music.roll_midi import notes_of_rows, rows_of_tokens
from seqstudio_music.sampler import Sampler

CONTEXT_FRAMES = 512  # of a primer that are listened to: its last ones
PREVIEW_FRAMES = 32
WIDEST = 12  # notes that a drawn frame may hold; what is measured has no such limit


class RollGuide:
    """Ends a take after so many frames, prompt included, with at most `WIDEST` notes in each."""

    def __init__(self, frames: int) -> None:
        self.frames = frames
        self.only_end = torch.zeros(KEYS + 1, dtype=torch.bool)
        self.only_end[KEYS] = True

    def allowed(self, row: int, tokens: Sequence[int]) -> Tensor | None:
        """Close a frame that is full; anything that ascends may follow otherwise."""
        recent = tokens[-WIDEST:]
        full = len(recent) == WIDEST and KEYS not in recent
        return self.only_end if full else None

    def finished(self, row: int, tokens: Sequence[int]) -> bool:
        """Say whether the last frame is closed."""
        return sum(token == KEYS for token in tokens) >= self.frames


def prompt_of_rows(rows: Rows) -> tuple[int, ...]:
    """Spell the last frames of a primer as a prompt.

    >>> prompt_of_rows(np.eye(88, dtype=np.uint8)[:2])
    (0, 88, 1, 88)
    """
    spelled: list[int] = []
    for frame in rows[-CONTEXT_FRAMES:]:
        spelled += [*np.flatnonzero(frame).tolist(), KEYS]
    return tuple(spelled)


def draw_rolls(
    sampler: Sampler,
    prompts: Sequence[Sequence[int]],
    frames: int,
    takes: Sequence[TakeSeed],
    config: SamplingConfig,
    heard: Callable[[float], None] = lambda share: None,
) -> list[Rows]:
    """Draw so many frames after each prompt; `heard` is told the share that is drawn.

    Returns
    -------
    For each take (frames, 88)
    """
    given = sum(token == KEYS for token in prompts[0])
    drawn: list[list[int]] = [[] for _ in takes]
    done = 0
    for row, token in sampler.sample(prompts, takes, RollGuide(given + frames), config):
        drawn[row].append(token)
        if token == KEYS:
            done += 1
            heard(done / (frames * len(takes)))
    return [rows_of_tokens(tokens) for tokens in drawn]


def preview_roll(model: LoadedModel, frames_per_beat: int, seed: int) -> PreviewResult:
    """Compose 32 frames from nothing."""
    takes, config = [TakeSeed(1, seed)], SamplingConfig(top_p=0.95)
    rows = draw_rolls(model, [()], PREVIEW_FRAMES, takes, config)[0]
    score = Score.new()
    frame_ticks = score.ticks_per_beat / frames_per_beat
    notes = notes_of_rows(rows, frame_ticks, end_tick=round(len(rows) * frame_ticks))
    text = f"{len(notes)} notes in {len(rows)} frames"
    return PreviewResult(text=text, outputs={"midi": score.with_new_track(notes, name="Preview")})
