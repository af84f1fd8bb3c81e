"""Losses as a sum and the number of terms in it: the trainer divides once, globally.

All are computed in float32 at least, whatever the precision of what they are given.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from seqstudio.core.ctc import ctc_loss_sum
from seqstudio.core.devices import at_least_float32
from seqstudio.core.recurrent import valid_mask
from seqstudio.errors import ConfigError

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
    rows = at_least_float32(logits).flatten(0, 1)
    total: Tensor = _CrossEntropy.apply(
        rows, torch.where(inside, tokens, 0).flatten(), inside.flatten().to(rows.dtype), smoothing
    )
    return total, lengths.sum()


class _CrossEntropy(torch.autograd.Function):
    """The weighted sum of cross entropies, and its gradient in one pass over the exponentials.

    Over a large vocabulary the passes over the (N, V) logits are what a step of training waits for:
    torch's smoothed loss takes about twice as many.
    """

    @staticmethod
    def forward(ctx: Any, logits: Tensor, tokens: Tensor, weights: Tensor, share: float) -> Tensor:
        highest = logits.amax(dim=1)
        exponentials = torch.sub(logits, highest[:, None]).exp_()
        sums = exponentials.sum(dim=1)
        losses = sums.log() + highest
        losses -= (1 - share) * logits.gather(1, tokens[:, None])[:, 0]
        if share:
            losses -= share * logits.mean(dim=1)
        if ctx.needs_input_grad[0]:
            gradient = exponentials.mul_((weights / sums)[:, None])
            if share:
                gradient -= (share / logits.shape[1]) * weights[:, None]
            gradient.scatter_add_(1, tokens[:, None], (share - 1) * weights[:, None])
            ctx.save_for_backward(gradient)
        return (losses * weights).sum()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        (own,) = ctx.saved_tensors
        return own * gradient, None, None, None


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
