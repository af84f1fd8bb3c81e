"""From logits to a token: temperature, top-k, top-p, min-p, and a draw by inverse CDF."""

import torch
from torch import Tensor

from seqstudio.contracts.job import SamplingConfig


def filter_logits(logits: Tensor, config: SamplingConfig) -> Tensor:
    """Keep the tokens that may be drawn, in the order temperature, top-k, top-p, min-p.

    Each filter sees what the one before has left, renormalised. At least one token of a row
    stays: the likeliest; of equal ones, the lowest. Temperature 0 keeps only that one.

    Parameters
    ----------
    logits : (B, V) float; -inf where a mask forbids a token, finite somewhere in each row
    config : the filters

    Returns
    -------
    (B, V) float64; -inf where a token is out, the largest of a row is 0

    References
    ----------
    Top-p: Holtzman et al. 2020, "The curious case of neural text degeneration". Min-p: Nguyen
    et al. 2024, "Turning up the heat".
    """
    logits = logits.double()
    logits = logits - logits.amax(dim=-1, keepdim=True)
    if config.temperature == 0:
        best = logits.argmax(dim=-1, keepdim=True)
        return torch.full_like(logits, -torch.inf).scatter(1, best, 0.0)
    logits = logits / config.temperature
    if not (config.top_k or config.top_p < 1 or config.min_p):
        return logits
    ranked, order = logits.sort(dim=-1, descending=True, stable=True)
    if config.top_k:
        ranked[:, config.top_k :] = -torch.inf
    if config.top_p < 1:
        chances = ranked.softmax(dim=-1)
        likelier = chances.cumsum(dim=-1) - chances  # the mass of all that come before
        ranked = ranked.masked_fill(likelier >= config.top_p, -torch.inf)
    if config.min_p:
        chances = ranked.softmax(dim=-1)
        ranked = ranked.masked_fill(chances < config.min_p * chances[:, :1], -torch.inf)
    return torch.full_like(logits, -torch.inf).scatter(1, order, ranked)


def draw(logits: Tensor, uniforms: Tensor) -> Tensor:
    """Draw one token for each row by inverse CDF.

    Parameters
    ----------
    logits : (B, V) float, -inf where a token is out
    uniforms : (B,) float64, 0 <= uniform < 1

    Returns
    -------
    (B,) int64; never a token of no probability
    """
    sums = logits.double().softmax(dim=-1).cumsum(dim=-1)
    total = sums[:, -1]
    below = torch.nextafter(total, torch.zeros_like(total))  # rounding must not pass the last sum
    wanted = torch.minimum(uniforms * total, below)
    return torch.searchsorted(sums, wanted[:, None], right=True)[:, 0]
