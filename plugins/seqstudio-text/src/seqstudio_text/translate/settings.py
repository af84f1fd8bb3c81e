"""What a translator stores besides its weights, and how it pads texts."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from seqstudio.api import settings_as
from seqstudio_text.translate.subwords import Subwords

BUFFER = "subwords"


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslateSettings:
    """What a trained model stores besides its weights."""

    source: str
    target: str
    reverse: bool
    smoothing: float


def translate_settings(settings: object) -> TranslateSettings:
    """Return the settings of a bundle, checked to be those of this task; see `settings_as`."""
    return settings_as(settings, TranslateSettings, "text.translate")


def source_batch(
    subwords: Subwords, texts: Sequence[str], *, reverse: bool
) -> tuple[Tensor, Tensor]:
    """Return padded sources and their lengths; `reverse` as in Sutskever et al. 2014."""
    rows = [subwords.numbers(text) for text in texts]
    return padded([[*row[:-1][::-1], row[-1]] for row in rows] if reverse else rows)


def padded(rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Return (B, T) int64 rows padded with 0, and their (B,) lengths."""
    tensors = [torch.tensor(row, dtype=torch.int64) for row in rows]
    whole = torch.nn.utils.rnn.pad_sequence(tensors, batch_first=True)
    return whole, torch.tensor([len(row) for row in rows])
