"""From logits to a token: temperature, top-k, top-p, min-p, and sampling by inverse CDF."""

from math import log

import torch
from torch import Tensor

from seqstudio.contracts.job import SamplingConfig


def filter_logits(logits: Tensor, config: SamplingConfig) -> Tensor:
    """Mask the tokens that may not be drawn: temperature, then top-k, top-p and min-p.

    Each filter works on the tokens that the previous one kept, renormalised. The most likely token
    of a row is always kept (of equal ones, the lowest); temperature 0 keeps only that one.

    Parameters
    ----------
    logits : (B, V) float; -inf where a mask forbids a token; each row has a finite value
    config : the filters

    Returns
    -------
    (B, V) float64; -inf where a token is masked; the largest of a row is 0

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
    if config.top_k or config.top_p < 1:
        ranked, order = logits.sort(dim=-1, descending=True, stable=True)
        if config.top_k:
            ranked[:, config.top_k :] = -torch.inf
        if config.top_p < 1:
            probs = ranked.softmax(dim=-1)
            preceding = probs.cumsum(dim=-1) - probs  # the total of all more likely tokens
            ranked = ranked.masked_fill(preceding >= config.top_p, -torch.inf)
        logits = torch.full_like(logits, -torch.inf).scatter(1, order, ranked)
    if config.min_p:  # of the most likely token, whose logit is 0
        logits = logits.masked_fill(logits < log(config.min_p), -torch.inf)
    return logits


def filter_in_groups(logits: Tensor, config: SamplingConfig, groups: Tensor) -> Tensor:
    """Filter the tokens within each row's group, and those without, and keep the odds of both.

    Parameters
    ----------
    logits : (B, V) float; -inf where a mask forbids a token; each row has a finite value
    config : the filters; at temperature 0 there are no groups
    groups : (B, V) bool

    Returns
    -------
    (B, V) float64, up to a constant the log-probabilities; -inf where a token is masked
    """
    if config.temperature == 0 or not groups.any():
        return filter_logits(logits, config)
    own = logits.double().log_softmax(dim=-1)

    def filtered(mask: Tensor) -> Tensor:
        inside = own.masked_fill(~mask, -torch.inf)
        share = inside.logsumexp(dim=-1, keepdim=True)
        present = share > -torch.inf
        kept = filter_logits(torch.where(present, inside, 0.0), config).log_softmax(dim=-1)
        return torch.where(present, kept + share, -torch.inf)

    return torch.where(groups, filtered(groups), filtered(~groups))


def draw(logits: Tensor, uniforms: Tensor) -> Tensor:
    """Draw one token for each row by inverse CDF.

    Parameters
    ----------
    logits : (B, V) float, -inf where a token is masked
    uniforms : (B,) float64, 0 <= uniform < 1

    Returns
    -------
    (B,) int64; never a token whose probability is 0
    """
    sums = logits.double().softmax(dim=-1).cumsum(dim=-1)
    total = sums[:, -1]
    below = torch.nextafter(total, torch.zeros_like(total))  # rounding must not exceed the last sum
    targets = torch.minimum(uniforms * total, below)
    return torch.searchsorted(sums, targets[:, None], right=True)[:, 0]
