"""The transducer: labels from an encoder and from the labels so far (Graves 2012).

Label 0 is the blank, as in CTC, and the vocabulary counts it: labels of a transducer, of a CTC head
and of a language model of the same alphabet have the same numbers, so that their weights can be
exchanged. The prediction network is the model's flat decoder.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from seqstudio.core.config import check_positive
from seqstudio.core.ctc import BLANK
from seqstudio.core.devices import require_kernel, to_host
from seqstudio.core.encoder import Encoded
from seqstudio.core.losses import LossTerms
from seqstudio.errors import ConfigError, TrainingError


@dataclass(frozen=True, slots=True, kw_only=True)
class JointConfig:
    """A transducer over encoder and decoder, joined in `dimension` units (Graves et al. 2013)."""

    part: ClassVar[str] = "joint"
    reads_decoder: ClassVar[bool] = True
    dimension: int = 256

    def __post_init__(self) -> None:
        check_positive(self, "dimension")


class JointHead(nn.Module):
    """The joint network: W tanh(U encoded + V predicted) (Graves et al. 2013, section 3.2).

    The decoder's output layer is V, so that it is not a part of this module.
    """

    def __init__(self, config: JointConfig, width: int, vocabulary: int) -> None:
        super().__init__()
        self.encoder = nn.Linear(width, config.dimension)
        self.output = nn.Linear(config.dimension, vocabulary)

    def forward(self, encoded: Encoded, predicted: Tensor) -> Tensor:
        """Join every encoder frame with every prediction.

        Parameters
        ----------
        predicted : (B, P, J) float, what the decoder predicts after 0 to P - 1 labels

        Returns
        -------
        (B, T', P, V) float logits, blank first
        """
        joined = self.encoder(encoded.output)[:, :, None] + predicted[:, None]
        logits: Tensor = self.output(torch.tanh(joined))
        return logits

    def loss(
        self, encoded: Encoded, targets: Tensor, target_lengths: Tensor, predicted: Tensor
    ) -> LossTerms:
        """Sum the transducer loss of (B, U) labels, and count the labels.

        Parameters
        ----------
        predicted : (B, U + 1, J) float, of the decoder for `targets`
        """
        logits = self(encoded, predicted)
        total = transducer_loss_sum(logits, encoded.lengths, targets, target_lengths)
        return total, target_lengths.sum()


def transducer_loss_sum(
    logits: Tensor, lengths: Tensor, labels: Tensor, label_lengths: Tensor
) -> Tensor:
    """Sum the transducer loss over a batch, always in float32 (Graves 2012, section 2.4).

    Any number of labels fits any number of frames, if there is a frame.

    Parameters
    ----------
    logits : (B, T, U + 1, V) float
    lengths : (B,) int64, frames of each row
    labels : (B, U) int64, padded, none of them 0 within its length
    label_lengths : (B,) int64

    Returns
    -------
    () float32, nats, differentiable

    Raises
    ------
    ConfigError
        If the device has no kernel for it, or the shapes do not fit.
    TrainingError
        If torchaudio does not load, which has the kernels.
    """
    require_kernel("transducer loss", logits.device)
    if labels.shape[1] + 1 != logits.shape[2]:
        raise ConfigError(f"{logits.shape[2]} predictions, expected {labels.shape[1] + 1}")
    try:  # not at the top: no other model needs torchaudio's extension, which may not load
        from torchaudio.functional import rnnt_loss
    except (ImportError, OSError, RuntimeError) as error:
        raise TrainingError(f"torchaudio: {error}, expected a version that fits torch") from error
    # The kernel wants no padding beyond the longest row, which the host must know: one copy.
    longest = [int(one.max()) for one in to_host(lengths, label_lengths)]
    total: Tensor = rnnt_loss(
        logits[:, : longest[0], : longest[1] + 1].float().contiguous(),
        labels[:, : longest[1]].int().contiguous(),
        lengths.int(),
        label_lengths.int(),
        blank=BLANK,
        reduction="sum",
    )
    return total
