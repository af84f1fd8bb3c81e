"""What a translator stores besides its weights, and how it pads texts."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from seqstudio.api import settings_as
from seqstudio.api.nn import pad
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
    return pad([[*row[:-1][::-1], row[-1]] for row in rows] if reverse else rows)
