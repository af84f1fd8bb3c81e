"""The source of words: each is the mean of the vectors of its features."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from seqstudio.api import ConfigError
from seqstudio.api.nn import (
    BuildContext,
    Dropout,
    Encoded,
    Encoder,
    EncoderConfig,
    FrameGeometry,
    PaddedLengths,
    valid_mask,
)

EMPTY = -1  # pads the features of a word


@dataclass(frozen=True, slots=True, kw_only=True)
class FeaturesConfig:
    """A source of words given by features, of which each has one of `buckets` vectors.

    Source: Bojanowski et al. 2017, "Enriching word vectors with subword information".
    """

    part: ClassVar[str] = "text.features"
    buckets: int
    dimension: int = 64
    dropout: float = 0.0  # of the values of frames

    def __post_init__(self) -> None:
        for name in ("buckets", "dimension"):
            if (value := getattr(self, name)) < 1:
                raise ConfigError(f"{name}={value}, expected at least 1")
        if not 0.0 <= self.dropout < 1.0:
            raise ConfigError(f"dropout={self.dropout}, expected 0 <= dropout < 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class BesideConfig:
    """An encoder whose output is its input beside that of a bidirectional LSTM over it.

    What single words say thus reaches the head directly, as in a bag of words, and the LSTM adds
    what their order says.
    """

    part: ClassVar[str] = "text.beside"
    hidden: int = 32
    layers: int = 1
    dropout: float = 0.0  # of the LSTM's output

    def __post_init__(self) -> None:
        EncoderConfig(hidden=self.hidden, layers=self.layers, dropout=self.dropout)


class FeatureSource(nn.Module):
    """Embeds (B, T, N) features of words, padded with -1, as (B, T, width) frames."""

    def __init__(self, config: FeaturesConfig) -> None:
        super().__init__()
        self.width = config.dimension
        self.geometry = FrameGeometry()
        self.embedding = nn.Embedding(config.buckets + 1, config.dimension, padding_idx=0)
        nn.init.normal_(self.embedding.weight, std=0.1)
        with torch.no_grad():
            self.embedding.weight[0] = 0.0
        self.dropout = Dropout(config.dropout)

    def forward(self, inputs: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Embed words: return (B, T, width) frames, zero past each length, and the (B,) lengths."""
        inside = valid_mask(lengths, inputs.shape[1])
        count = (inputs != EMPTY).sum(dim=2, keepdim=True).clamp(min=1)
        frames = self.embedding(inputs + 1).sum(dim=2) / count.sqrt()
        dropped: Tensor = self.dropout(frames.masked_fill(~inside[:, :, None], 0.0))
        return dropped, lengths


class BesideEncoder(nn.Module):
    """Words beside what a bidirectional LSTM makes of them."""

    def __init__(self, config: BesideConfig, width: int) -> None:
        super().__init__()
        shape = EncoderConfig(
            hidden=config.hidden,
            layers=config.layers,
            dropout=config.dropout if config.layers > 1 else 0.0,
        )
        self.body = Encoder(shape, width)
        self.width = width + self.body.width
        self.directions = 1
        self.dropout = Dropout(config.dropout)

    def encode(self, frames: Tensor, padded: PaddedLengths, *, with_state: bool) -> Encoded:
        """Encode (B, T, F) frames of these lengths."""
        encoded = self.body.encode(frames, padded, with_state=with_state)
        output = torch.cat([padded.mask(frames), self.dropout(encoded.output)], dim=2)
        return Encoded(output, encoded.lengths, encoded.state)


def build_beside(config: BesideConfig, context: BuildContext) -> BesideEncoder:
    """Build the encoder that a config describes."""
    return BesideEncoder(config, context.source.width)


def build_features(config: FeaturesConfig, context: BuildContext) -> FeatureSource:
    """Build the source that a config describes."""
    return FeatureSource(config)


def pad_features(texts: Sequence[Sequence[Sequence[int]]]) -> tuple[Tensor, Tensor]:
    """Return (B, T, N) int64 features of several texts, padded with -1, and their (B,) lengths."""
    longest = max(len(words) for words in texts)
    most = max(len(features) for words in texts for features in words)
    nothing = [EMPTY] * most
    rows = [
        [[*features, *nothing[len(features) :]] for features in words]
        + [nothing] * (longest - len(words))
        for words in texts
    ]
    return torch.tensor(rows), torch.tensor([len(words) for words in texts])
