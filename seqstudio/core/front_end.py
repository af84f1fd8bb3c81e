"""The sources of a model's frames: continuous features, subsampled if wished, or tokens.

A source, of a plugin too, is a module with `width`, `geometry` and `forward(inputs, lengths)`. One
that runs in blocks has `block(inputs, state, last)`, whose frames together are those of `forward`;
its state before the first block is None.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqstudio.core.config import check_positive, check_rates
from seqstudio.core.dropout import optional_dropout
from seqstudio.core.geometry import FrameGeometry
from seqstudio.core.recurrent import valid_mask
from seqstudio.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class FramesConfig:
    """Source of continuous frames, subsampled by `factor`: stacked, or by strided convolutions."""

    part: ClassVar[str] = "frames"
    features: int
    subsampling: Literal["none", "stack", "conv"] = "none"
    factor: int = 1

    def __post_init__(self) -> None:
        check_positive(self, "features", "factor")
        if self.subsampling not in ("none", "stack", "conv"):
            raise ConfigError(f"subsampling={self.subsampling!r}, expected none, stack or conv")
        if self.subsampling == "none" and self.factor != 1:
            raise ConfigError(f"factor={self.factor}, expected 1 where subsampling is none")
        if self.subsampling == "conv" and (self.factor < 2 or self.factor & (self.factor - 1)):
            raise ConfigError(f"factor={self.factor}, expected a power of two where it is conv")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokensConfig:
    """Source of embedded tokens; `dropout` is that of their vectors."""

    part: ClassVar[str] = "tokens"
    vocabulary: int
    dimension: int = 64
    dropout: float = 0.0

    def __post_init__(self) -> None:
        check_positive(self, "vocabulary", "dimension")
        check_rates(self, "dropout")


def mask_padding(frames: Tensor, lengths: Tensor) -> Tensor:
    """Return (B, T, F) frames with zeros past each length."""
    return frames.masked_fill(~valid_mask(lengths, frames.shape[1])[:, :, None], 0.0)


class StackedFrames(nn.Module):
    """Joins every `factor` frames into one; an incomplete last group is padded with zeros."""

    def __init__(self, config: FramesConfig) -> None:
        super().__init__()
        self.features = config.features
        self.width = config.features * config.factor
        self.geometry = FrameGeometry(stride=config.factor, offset=(config.factor - 1) / 2)

    def forward(self, inputs: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Subsample (B, T, F) features: return (B, T', width) frames and their (B,) lengths."""
        check_features(inputs, self.features)
        frames, stride = mask_padding(inputs, lengths), self.geometry.stride
        frames = functional.pad(frames, (0, 0, 0, -frames.shape[1] % stride))
        return frames.unflatten(1, (-1, stride)).flatten(2), -(-lengths // stride)

    def block(self, inputs: Tensor, state: Tensor | None, *, last: bool) -> tuple[Tensor, Tensor]:
        """Subsample the next (B, t, F) features: return (B, t', width) frames and the state."""
        check_features(inputs, self.features)
        frames = inputs if state is None else torch.cat([state, inputs], dim=1)
        stride = self.geometry.stride
        if last:
            frames = functional.pad(frames, (0, 0, 0, -frames.shape[1] % stride))
        complete = frames.shape[1] // stride
        groups = frames[:, : complete * stride].unflatten(1, (complete, stride))
        return groups.flatten(2), frames[:, complete * stride :]


class ConvolvedFrames(nn.Module):
    """Strided convolutions over time, each of which halves the frames; padding is masked."""

    def __init__(self, config: FramesConfig) -> None:
        super().__init__()
        self.features = config.features
        self.width = config.features * config.factor
        self.geometry = FrameGeometry(stride=config.factor, offset=0.0)
        widths = [config.features] + [self.width] * (config.factor.bit_length() - 1)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(before, after, kernel_size=3, stride=2, padding=1)
            for before, after in pairwise(widths)
        )

    def forward(self, inputs: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Subsample (B, T, F) features: return (B, T', width) frames and their (B,) lengths."""
        check_features(inputs, self.features)
        frames = inputs
        for convolution in self.convolutions:
            channels_first = mask_padding(frames, lengths).transpose(1, 2)
            frames = convolution(channels_first).transpose(1, 2).relu()
            lengths = (lengths + 1) // 2
        return frames, lengths

    def block(
        self, inputs: Tensor, state: tuple[Tensor, ...] | None, *, last: bool
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Subsample the next (B, t, F) features: return (B, t', width) frames and the state.

        The state holds for each convolution the inputs that its next output depends on.
        """
        check_features(inputs, self.features)
        frames, waiting = inputs, []
        for number, convolution in enumerate(self.convolutions):
            edge = frames.new_zeros(len(frames), 1, frames.shape[2])
            frames = torch.cat([edge if state is None else state[number], frames], dim=1)
            if last and frames.shape[1] % 2 == 0:
                frames = torch.cat([frames, edge], dim=1)
            complete = (frames.shape[1] - 1) // 2
            waiting.append(frames[:, 2 * complete :])
            frames = self.convolved(convolution, frames[:, : 2 * complete + 1], complete)
        return frames, tuple(waiting)

    def convolved(self, convolution: nn.Module, frames: Tensor, outputs: int) -> Tensor:
        """Return the (B, outputs, width) outputs of frames that have their edges already."""
        if outputs == 0:
            return frames.new_zeros(len(frames), 0, self.width)
        weights = (convolution.get_parameter("weight"), convolution.get_parameter("bias"))
        return functional.conv1d(frames.transpose(1, 2), *weights, stride=2).transpose(1, 2).relu()


class EmbeddedTokens(nn.Module):
    """Embeds tokens; padding may hold any number."""

    def __init__(self, config: TokensConfig) -> None:
        super().__init__()
        self.width = config.dimension
        self.geometry = FrameGeometry()
        self.embedding = nn.Embedding(config.vocabulary, config.dimension)
        self.dropout = optional_dropout(config.dropout)

    def forward(self, inputs: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Embed (B, T) int64 tokens: return (B, T, width) frames and their (B,) lengths."""
        valid = valid_mask(lengths, inputs.shape[1])
        return self.dropout(self.embedding(torch.where(valid, inputs, 0))), lengths

    def block(self, inputs: Tensor, state: None, *, last: bool) -> tuple[Tensor, None]:
        """Embed the next (B, t) tokens: return (B, t, width) frames; there is no state."""
        embedded: Tensor = self.embedding(inputs)
        return embedded, None


def check_features(inputs: Tensor, features: int) -> None:
    """Raise ConfigError unless `inputs` is (B, T, features)."""
    if inputs.ndim != 3 or inputs.shape[2] != features:
        raise ConfigError(f"inputs of shape {tuple(inputs.shape)}, expected (B, T, {features})")


def build_frames(config: FramesConfig) -> nn.Module:
    """Build the source of continuous frames that `config` describes."""
    return ConvolvedFrames(config) if config.subsampling == "conv" else StackedFrames(config)
