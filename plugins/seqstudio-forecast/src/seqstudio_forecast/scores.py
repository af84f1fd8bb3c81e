"""Scores of forecasts: the continuous ranked probability score and the coverage of intervals."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from seqstudio.api.nn import Density

LEVELS = (0.8, 0.95)  # of the intervals


@dataclass(frozen=True)
class Score:
    """Sums over forecast values; see `seqstudio.api.Measurement`."""

    crps: float
    inside: tuple[float, ...]  # values inside the interval of each level
    count: int


def gaussian_crps(density: Density, values: Tensor) -> Tensor:
    """Return the (..., D) CRPS of each value under a mixture of Gaussians, in closed form.

    Source: Grimit et al. 2006, "The continuous ranked probability score for circular variables and
    its application to mesoscale forecast ensemble verification", equation 5.
    """
    weights = density.log_weights.exp()
    means, scales = density.means, density.scales
    to_value = expected_distance(values[..., None, :] - means, scales)
    apart = means[..., :, None, :] - means[..., None, :, :]
    both = (scales[..., :, None, :].square() + scales[..., None, :, :].square()).sqrt()
    pairs = weights[..., :, None] * weights[..., None, :]
    within = (pairs[..., None] * expected_distance(apart, both)).sum(dim=(-3, -2))
    return (weights[..., None] * to_value).sum(dim=-2) - 0.5 * within


def expected_distance(mean: Tensor, scale: Tensor) -> Tensor:
    """Return the expected absolute value of a Gaussian."""
    shape = mean / scale
    density = torch.exp(-0.5 * shape.square()) / math.sqrt(2 * math.pi)
    distance: Tensor = mean * (2 * torch.special.ndtr(shape) - 1) + 2 * scale * density
    return distance


def interval(density: Density, level: float) -> tuple[Tensor, Tensor]:
    """Return the (..., D) bounds of the central interval that holds a share of the density."""
    return density.quantile((1 - level) / 2), density.quantile((1 + level) / 2)


def score(density: Density, values: Tensor, units: Tensor, known: Tensor) -> Score:
    """Score forecasts of (N, D) values.

    Parameters
    ----------
    density : of the values, each on its own
    units : broadcastable to (N, D), by which a value's CRPS is multiplied
    known : (N, D) bool, the values that count
    """
    crps = (gaussian_crps(density, values) * units)[known].sum()
    below, above = density.tails(values)
    tail = torch.minimum(below, above)  # a value is inside where neither tail is too small
    inside = (float(((tail >= (1 - level) / 2) & known).sum()) for level in LEVELS)
    return Score(float(crps), tuple(inside), int(known.sum()))


def gaussian(means: Tensor, scales: Tensor) -> Density:
    """Return the density of (N, D) Gaussians, as a mixture of one."""
    return Density(means.new_zeros(len(means), 1), means[:, None], scales[:, None])
