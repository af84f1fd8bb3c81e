"""Heads: what a model predicts from its encoder's output, each with its loss.

A head is a module with `forward(encoded)`, and `loss(encoded, targets, target_lengths)`, which
returns a sum in nats, differentiable, and the number of terms in it. A model may have several.
"""

from dataclasses import dataclass
from typing import ClassVar, Protocol

from torch import Tensor, nn

from seqstudio.core.config import check_positive
from seqstudio.core.encoder import Encoded
from seqstudio.core.losses import ctc_sum


class Head(Protocol):
    """What every head can do; plugins may offer more."""

    def forward(self, encoded: Encoded) -> Tensor:
        """Return the head's predictions for an encoded batch."""

    def loss(self, encoded: Encoded, targets: Tensor, target_lengths: Tensor) -> tuple[Tensor, int]:
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
        """Return (B, T', V) log-probabilities."""
        logits: Tensor = self.output(encoded.output)
        return logits.log_softmax(dim=-1)

    def loss(self, encoded: Encoded, targets: Tensor, target_lengths: Tensor) -> tuple[Tensor, int]:
        """Sum the CTC loss of (B, U) labels, and count the labels; see `ctc_sum`."""
        return ctc_sum(self(encoded), encoded.lengths, targets, target_lengths)
