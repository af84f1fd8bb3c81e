"""Heads: what a model predicts from its encoder's output, each with its loss.

A head is a module with `forward(encoded)`, and `loss(encoded, targets, target_lengths)`, which
returns a sum in nats, differentiable, and the number of terms in it. A model may have several;
their weights in a common loss are the task's choice. A head that also reads the decoder
(`reads_decoder` in its config) gets what the decoder predicts as a further argument of both.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

import torch
from torch import Tensor, nn

from seqstudio.core.config import check_positive
from seqstudio.core.densities import Density, DensityConfig, masked_log_probs
from seqstudio.core.devices import at_least_float32
from seqstudio.core.encoder import Encoded
from seqstudio.core.losses import LossTerms, check_smoothing, cross_entropy_sum, ctc_sum
from seqstudio.core.recurrent import valid_mask
from seqstudio.errors import ConfigError

POOLINGS = ("mean", "max", "last", "attentive")


class Head(Protocol):
    """What every head can do; plugins may offer more."""

    def forward(self, encoded: Encoded) -> Any:
        """Return the head's predictions for an encoded batch."""

    def loss(self, encoded: Encoded, targets: Tensor, target_lengths: Tensor) -> LossTerms:
        """Return the loss of a batch as a () float sum, and the number of terms in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CTCConfig:
    """A label distribution for each encoder frame; label 0 is the blank (Graves et al. 2006)."""

    part: ClassVar[str] = "ctc"
    vocabulary: int

    def __post_init__(self) -> None:
        check_positive(self, "vocabulary")


class CTCHead(nn.Module):
    """Log-probabilities of labels at each encoder frame, blank first."""

    def __init__(self, config: CTCConfig, width: int) -> None:
        super().__init__()
        self.output = nn.Linear(width, config.vocabulary)

    def forward(self, encoded: Encoded) -> Tensor:
        """Return (B, T', V) log-probabilities, in float32 at least."""
        return at_least_float32(self.output(encoded.output)).log_softmax(dim=-1)

    def loss(self, encoded: Encoded, targets: Tensor, target_lengths: Tensor) -> LossTerms:
        """Sum the CTC loss of (B, U) labels, and count the labels; see `ctc_sum`."""
        return ctc_sum(self(encoded), encoded.lengths, targets, target_lengths)


@dataclass(frozen=True, slots=True, kw_only=True)
class TagConfig:
    """A label for each encoder frame. `smoothing`: see `cross_entropy_sum`."""

    part: ClassVar[str] = "tag"
    vocabulary: int
    smoothing: float = 0.0

    def __post_init__(self) -> None:
        check_positive(self, "vocabulary")
        check_smoothing(self.smoothing)


class TagHead(nn.Module):
    """Logits of labels at each encoder frame."""

    def __init__(self, config: TagConfig, width: int) -> None:
        super().__init__()
        self.smoothing = config.smoothing
        self.output = nn.Linear(width, config.vocabulary)

    def forward(self, encoded: Encoded) -> Tensor:
        """Return (B, T', V) float logits."""
        logits: Tensor = self.output(encoded.output)
        return logits

    def loss(self, encoded: Encoded, targets: Tensor, target_lengths: Tensor) -> LossTerms:
        """Sum the cross entropy of (B, T') labels within their lengths, and count them.

        Raises
        ------
        ConfigError
            If there is not a label for each frame.
        """
        check_frames_of(targets, encoded)
        return cross_entropy_sum(self(encoded), targets, target_lengths, smoothing=self.smoothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelConfig:
    """A label for each sequence, from its pooled frames. `smoothing`: see `cross_entropy_sum`.

    `attentive` is a mean whose weights are learned (Lin et al. 2017). `last` is the frame at which
    a direction of the encoder has read everything: the first one of a backward direction.
    """

    part: ClassVar[str] = "label"
    vocabulary: int
    pooling: Literal["mean", "max", "last", "attentive"] = "mean"
    dimension: int = 64  # of attentive pooling
    smoothing: float = 0.0

    def __post_init__(self) -> None:
        check_positive(self, "vocabulary", "dimension")
        check_smoothing(self.smoothing)
        if self.pooling not in POOLINGS:
            raise ConfigError(f"pooling={self.pooling!r}, expected one of {', '.join(POOLINGS)}")


class LabelHead(nn.Module):
    """Logits of labels of whole sequences."""

    def __init__(self, config: LabelConfig, width: int, directions: int) -> None:
        super().__init__()
        self.pooling, self.smoothing = config.pooling, config.smoothing
        self.directions = directions
        self.score = None
        if config.pooling == "attentive":
            self.score = nn.Sequential(
                nn.Linear(width, config.dimension),
                nn.Tanh(),
                nn.Linear(config.dimension, 1, bias=False),
            )
        self.output = nn.Linear(width, config.vocabulary)

    def forward(self, encoded: Encoded) -> Tensor:
        """Return (B, V) float logits."""
        logits: Tensor = self.output(self.pool(encoded))
        return logits

    def pool(self, encoded: Encoded) -> Tensor:
        """Return (B, D) float, each item's frames pooled within its length."""
        frames = encoded.output
        inside = valid_mask(encoded.lengths, frames.shape[1])[:, :, None]
        if self.pooling == "max":
            return frames.masked_fill(~inside, -torch.inf).amax(dim=1)
        if self.pooling == "last":
            rows = torch.arange(len(frames), device=frames.device)
            last = frames[rows, encoded.lengths - 1].chunk(self.directions, dim=1)
            first = frames[:, 0].chunk(self.directions, dim=1)
            return torch.cat([last[0], *first[1:]], dim=1)
        if self.score is None:
            return (frames * inside).sum(dim=1) / encoded.lengths[:, None]
        scores = at_least_float32(self.score(frames)).masked_fill(~inside, -torch.inf)
        return (frames * inside * scores.softmax(dim=1)).sum(dim=1)

    def loss(self, encoded: Encoded, targets: Tensor, target_lengths: Tensor) -> LossTerms:
        """Sum the cross entropy of (B, 1) labels, and count them; length 0 is an item without."""
        if targets.shape != (expected := (len(encoded.output), 1)):
            raise ConfigError(f"targets of shape {tuple(targets.shape)}, expected {expected}")
        logits = self(encoded)[:, None]
        return cross_entropy_sum(logits, targets, target_lengths, smoothing=self.smoothing)


class DensityHead(nn.Module):
    """A density of real values at each encoder frame (Bishop 1994)."""

    def __init__(self, config: DensityConfig, width: int) -> None:
        super().__init__()
        self.config = config
        self.output = nn.Linear(width, config.outputs)

    def forward(self, encoded: Encoded) -> Density:
        """Return the density at each of (B, T') frames."""
        return self.config.density(self.output(encoded.output))

    def loss(self, encoded: Encoded, targets: Tensor, target_lengths: Tensor) -> LossTerms:
        """Sum minus the log density of (B, T', D) values within their lengths; count the frames.

        Raises
        ------
        ConfigError
            If there are not D values for each frame.
        """
        check_frames_of(targets, encoded, self.config.values)
        log_probs = masked_log_probs(self(encoded), targets, target_lengths)
        return -log_probs.sum(), target_lengths.sum()


def check_frames_of(targets: Tensor, encoded: Encoded, *values: int) -> None:
    """Raise ConfigError unless `targets` are (B, T', *values): one for each encoder frame."""
    expected = (*encoded.output.shape[:2], *values)
    if targets.shape != expected:
        raise ConfigError(f"targets of shape {tuple(targets.shape)}, expected {expected}")
