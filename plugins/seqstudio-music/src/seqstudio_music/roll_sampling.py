"""Drawing piano rolls: the guide that ends them, and the preview of a half-trained model."""

from collections.abc import Sequence

import torch
from torch import Tensor

from seqstudio.api import LoadedModel, Previewed, SamplingConfig, Take
from seqstudio.api.media import Score
from seqstudio_music.roll_data import KEYS
from seqstudio_music.roll_midi import notes_of_rows, rows_of_tokens

PREVIEW_FRAMES = 32
WIDEST = 12  # notes that a drawn frame may hold; what is measured has no such limit


class RollGuide:
    """Ends a take after so many frames, prompt included, with at most `WIDEST` notes in each."""

    def __init__(self, frames: int) -> None:
        self.frames = frames
        self.only_end = torch.zeros(KEYS + 1, dtype=torch.bool)
        self.only_end[KEYS] = True

    def allowed(self, take: int, tokens: Sequence[int]) -> Tensor | None:
        """Close a frame that is full; anything that ascends may follow otherwise."""
        recent = tokens[-WIDEST:]
        full = len(recent) == WIDEST and KEYS not in recent
        return self.only_end if full else None

    def finished(self, take: int, tokens: Sequence[int]) -> bool:
        """Say whether the last frame is closed."""
        return sum(token == KEYS for token in tokens) >= self.frames


def preview_roll(model: LoadedModel, frames_per_beat: int, seed: int) -> Previewed:
    """Compose 32 frames from nothing."""
    guide = RollGuide(PREVIEW_FRAMES)
    drawn = model.sample([()], [Take(1, seed)], guide, SamplingConfig(top_p=0.95))
    rows = rows_of_tokens([token for _, token in drawn])
    score = Score.new()
    notes = notes_of_rows(rows, score.ticks_per_beat / frames_per_beat)
    text = f"{len(notes)} notes in {len(rows)} frames"
    return Previewed(text=text, outputs={"score": score.with_new_track(notes, name="Preview")})
