"""Losses as a sum and how many things it sums over: the trainer divides once, globally."""

from torch import Tensor
from torch.nn import functional

from seqstudio.core.recurrent import valid_mask


def cross_entropy_sum(
    logits: Tensor, tokens: Tensor, lengths: Tensor, *, smoothing: float = 0.0
) -> tuple[Tensor, int]:
    """Sum the cross entropy of tokens inside each length.

    Parameters
    ----------
    logits : (B, U, V) float
    tokens : (B, U) int64
    lengths : (B,) int64
    smoothing : share of the target spread evenly over the vocabulary (Szegedy et al. 2016)

    Returns
    -------
    () float, in nats, and the number of tokens
    """
    inside = valid_mask(lengths, tokens.shape[1])
    total = functional.cross_entropy(
        logits[inside], tokens[inside], label_smoothing=smoothing, reduction="sum"
    )
    return total, int(lengths.sum())
