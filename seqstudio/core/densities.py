"""Densities of real values: mixtures of Gaussians or of Student's t (Bishop 1994).

The parameters come from a linear layer of `DensityConfig.outputs` numbers. In the shapes below K is
the number of components and D the number of values a step; `...` is any number of axes.
"""

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor
from torch.nn import functional

from seqstudio.core.config import check_positive
from seqstudio.core.devices import at_least_float32
from seqstudio.core.recurrent import valid_mask
from seqstudio.core.student_t import log_density_constant, student_t_tail, tail_bounds
from seqstudio.errors import ConfigError

HALVINGS = 64  # of the interval that holds a quantile: below the precision of float64
FAMILIES = ("gaussian", "student_t")


@dataclass(frozen=True, slots=True, kw_only=True)
class DensityConfig:
    """A mixture density of `values` real numbers a step; as a head, for each encoder step.

    `min_scale`, in units of the values, bounds the density: a component cannot shrink to a point.
    """

    part: ClassVar[str] = "density"
    values: int = 1
    family: Literal["gaussian", "student_t"] = "gaussian"
    components: int = 4
    min_scale: float = 1e-3

    def __post_init__(self) -> None:
        check_positive(self, "values", "components")
        if self.family not in FAMILIES:
            raise ConfigError(f"family={self.family!r}, expected one of {', '.join(FAMILIES)}")
        if not self.min_scale > 0.0:
            raise ConfigError(f"min_scale={self.min_scale}, expected more than 0")

    @property
    def outputs(self) -> int:
        """How many numbers a step describe the density."""
        kinds = 2 if self.family == "gaussian" else 3
        return self.components * (1 + kinds * self.values)

    def density(self, outputs: Tensor) -> "Density":
        """Read a density from (..., `outputs`) float numbers, in float32 at least."""
        size = self.components * self.values
        weights, *kinds = at_least_float32(outputs).split_with_sizes(
            [self.components] + (self.outputs - self.components) // size * [size], -1
        )
        shape = (self.components, self.values)
        means, scales = kinds[0], self.min_scale + functional.softplus(kinds[1])
        degrees = None
        if self.family == "student_t":  # more than two: mean and variance exist
            degrees = (2.0 + functional.softplus(kinds[2])).unflatten(-1, shape)
        return Density(
            weights.log_softmax(dim=-1),
            means.unflatten(-1, shape),
            scales.unflatten(-1, shape),
            degrees,
        )


@dataclass(frozen=True, slots=True)
class Density:
    """A mixture at each of some steps; within a component the values are independent."""

    log_weights: Tensor  # (..., K) float, nats
    means: Tensor  # (..., K, D) float
    scales: Tensor  # (..., K, D) float, positive
    degrees: Tensor | None = None  # (..., K, D) float, degrees of freedom; None: Gaussians

    def __getitem__(self, index: Any) -> "Density":
        """Select steps by any index of the leading axes."""
        degrees = None if self.degrees is None else self.degrees[index]
        return Density(self.log_weights[index], self.means[index], self.scales[index], degrees)

    def log_prob(self, values: Tensor, known: Tensor | None = None) -> Tensor:
        """Return the (...) log density, nats, of (..., D) values (Bishop 1994, equation 22).

        Values that are not `known`, (..., D) bool, may hold anything: the density is that of the
        others, and nothing known has the log density 0.
        """
        if known is not None:
            values = torch.where(known, values, 0.0)
        deviations = (values[..., None, :] - self.means) / self.scales
        if self.degrees is None:
            each = -0.5 * deviations.square() - 0.5 * math.log(2.0 * math.pi)
        else:
            tail = torch.log1p(deviations.square() / self.degrees)
            each = log_density_constant(self.degrees) - 0.5 * (self.degrees + 1.0) * tail
        each = each - self.scales.log()
        if known is not None:
            each = torch.where(known[..., None, :], each, 0.0)
        return torch.logsumexp(self.log_weights + each.sum(dim=-1), dim=-1)

    def mean(self) -> Tensor:
        """Return the (..., D) means."""
        return (self.log_weights.exp()[..., None] * self.means).sum(dim=-2)

    def tails(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Return the shares, (..., D) float64, of each value's density below and above `values`.

        Each tail is exact to its own last digits, where one minus the other would not be.
        """
        deviations = ((values[..., None, :] - self.means) / self.scales).double()
        weights = self.log_weights.double().exp()[..., None]
        if self.degrees is None:
            below, above = torch.special.ndtr(deviations), torch.special.ndtr(-deviations)
        else:
            tail = student_t_tail(deviations.abs(), self.degrees.double())
            below = torch.where(deviations < 0, tail, 1.0 - tail)
            above = torch.where(deviations < 0, 1.0 - tail, tail)
        return (weights * below).sum(dim=-2), (weights * above).sum(dim=-2)

    def quantile(self, share: float | Tensor) -> Tensor:
        """Return the values that a share of the density lies below, each value on its own.

        The interval between the components' own quantiles is halved until it is one number. That
        cannot fail where components are far apart, as Newton's method can.

        Parameters
        ----------
        share : 0 to 1, exclusive; a number, or a tensor that broadcasts to (..., D)

        Returns
        -------
        (..., D) float64
        """
        shares = torch.as_tensor(share, dtype=torch.float64, device=self.means.device)
        low, high = self.quantile_bounds(shares)
        for _ in range(HALVINGS):
            middle = 0.5 * (low + high)
            below, above = self.tails(middle)
            left = torch.where(shares <= 0.5, below < shares, above > 1.0 - shares)
            low, high = torch.where(left, middle, low), torch.where(left, high, middle)
        return 0.5 * (low + high)

    def quantile_bounds(self, shares: Tensor) -> tuple[Tensor, Tensor]:
        """Return two (..., D) float64 values between which the quantiles lie."""
        least, most = tail_bounds(shares[..., None, :] if shares.ndim else shares)
        if self.degrees is None:
            most = least
        means, scales = self.means.double(), self.scales.double()
        # torch.broadcast_shapes would load sympy, which takes a second
        ends = torch.stack([means + scales * least, means + scales * most])
        return ends.amin(dim=0).amin(dim=-2), ends.amax(dim=0).amax(dim=-2)

    def sample(self, uniform: Tensor) -> Tensor:
        """Draw values as a function of given random numbers, so that a draw can be repeated [1]_.

        Parameters
        ----------
        uniform : (..., 1 + 2 D) float, 0 to 1 without 1, for component, distances and angles

        Returns
        -------
        (..., D) float of the type of the means

        References
        ----------
        .. [1] Bailey 1994, "Polar generation of random variates with the t-distribution"; with
           infinitely many degrees of freedom it is the method of Box and Muller 1958.
        """
        uniform = uniform.to(self.means)
        size = self.means.shape[-1]
        ends = self.log_weights.exp().cumsum(dim=-1)[..., :-1]
        chosen = (uniform[..., :1] >= ends).sum(dim=-1)[..., None, None]

        def of_component(parameters: Tensor) -> Tensor:
            index = chosen.expand(*chosen.shape[:-1], size)
            return parameters.gather(-2, index).squeeze(-2)

        log_remainder = torch.log1p(-uniform[..., 1 : 1 + size])
        if self.degrees is None:
            squared = -2.0 * log_remainder
        else:
            degrees = of_component(self.degrees)
            squared = degrees * torch.expm1(-2.0 / degrees * log_remainder)
        turned = torch.cos(2.0 * math.pi * uniform[..., 1 + size :])
        return of_component(self.means) + of_component(self.scales) * squared.sqrt() * turned


def masked_log_probs(density: Density, values: Tensor, lengths: Tensor) -> Tensor:
    """Return the (B, T) log densities of (B, T, D) values, 0 past each of the (B,) lengths.

    Padding may hold anything: it has no gradient, not even that of a NaN.
    """
    inside = valid_mask(lengths, values.shape[1])
    known = torch.where(inside[:, :, None], at_least_float32(values), 0.0)
    return density.log_prob(known).masked_fill(~inside, 0.0)
