"""Losses as a sum and the number of terms in it: the trainer divides once, globally.

All are computed in float32 at least, whatever the precision of what they are given.
"""

import torch
from torch import Tensor
from torch.nn import functional

from seqstudio.core.ctc import ctc_loss_sum
from seqstudio.core.devices import at_least_float32
from seqstudio.core.recurrent import valid_mask
from seqstudio.errors import ConfigError

OUTSIDE = -100  # in place of a token past its row's length

# A () float sum in nats, differentiable, and the number of terms in it; as a () int64 tensor on the
# loss's device the number costs no synchronisation.
LossTerms = tuple[Tensor, Tensor | int]


def check_smoothing(smoothing: float) -> None:
    """Raise ConfigError unless `smoothing` is a share of a target, less than all of it."""
    if not 0.0 <= smoothing < 1.0:
        raise ConfigError(f"smoothing={smoothing}, expected 0 <= smoothing < 1")


def cross_entropy_sum(
    logits: Tensor, tokens: Tensor, lengths: Tensor, *, smoothing: float = 0.0
) -> LossTerms:
    """Sum the cross entropy of the tokens within each length.

    Parameters
    ----------
    logits : (B, U, V) float
    tokens : (B, U) int64; past `lengths` they may hold any number
    lengths : (B,) int64
    smoothing : share of each target, spread evenly over the vocabulary (Szegedy et al. 2016)

    Returns
    -------
    () float, nats, differentiable; and the number of tokens
    """
    check_smoothing(smoothing)
    inside = valid_mask(lengths, tokens.shape[1])
    total = functional.cross_entropy(
        at_least_float32(logits).flatten(0, 1),
        torch.where(inside, tokens, OUTSIDE).flatten(),
        ignore_index=OUTSIDE,
        label_smoothing=smoothing,
        reduction="sum",
    )
    return total, lengths.sum()


def ctc_sum(log_probs: Tensor, lengths: Tensor, labels: Tensor, label_lengths: Tensor) -> LossTerms:
    """Sum the CTC loss, and count its labels.

    Parameters
    ----------
    log_probs : (B, T, V) float
    lengths : (B,) int64, frames of each row
    labels : (B, U) int64, padded
    label_lengths : (B,) int64

    Raises
    ------
    TrainingError
        If a row has too few frames for its labels.
    """
    total = ctc_loss_sum(log_probs, lengths, labels, label_lengths)
    return total, label_lengths.sum()


def joint_sum(ctc: LossTerms, attention: LossTerms, share: float) -> LossTerms:
    """Interpolate between the CTC loss and the attention loss of a batch (Watanabe et al. 2017).

    Parameters
    ----------
    ctc, attention : what `ctc_sum` and `cross_entropy_sum` returned for the same transcripts
    share : weight of the CTC loss, 0 to 1; the attention loss has the rest

    Returns
    -------
    () float, nats; and the number of tokens in the attention loss, by which to divide
    """
    if not 0.0 <= share <= 1.0:
        raise ConfigError(f"share={share}, expected 0 <= share <= 1")
    return share * ctc[0] + (1.0 - share) * attention[0], attention[1]
