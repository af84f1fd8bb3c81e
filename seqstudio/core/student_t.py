"""Student's t: its density's constant, its tail, and bounds of its quantiles."""

import math

import torch
from torch import Tensor

MOST_TERMS = 1000  # of the continued fraction; 2 to 100 degrees of freedom need below 40
TINY = 1e-300


def log_density_constant(degrees: Tensor) -> Tensor:
    """Return log of gamma((v + 1) / 2) / (gamma(v / 2) sqrt(pi v)), for v degrees of freedom.

    In float32 the difference of two large log gammas would lose its digits, so that beyond 40
    degrees of freedom Stirling's series of their ratio replaces it (error below 1e-9).
    """
    half = 0.5 * degrees
    large = half > 20.0
    small = torch.where(large, 1.0, half)
    exact = torch.lgamma(small + 0.5) - torch.lgamma(small)
    series = 0.5 * half.log() - 0.125 / half + 1.0 / (192.0 * half**3)
    return torch.where(large, series, exact) - 0.5 * (math.pi * degrees).log()


def student_t_tail(distance: Tensor, degrees: Tensor) -> Tensor:
    """Return the share of Student's t beyond `distance`, at one side [1]_.

    Parameters
    ----------
    distance : float64, 0 or more
    degrees : float64 of the same shape, degrees of freedom

    Returns
    -------
    float64, 0 to 0.5, correct to about 14 digits

    References
    ----------
    .. [1] Abramowitz and Stegun 1964, 26.7.1 and 26.5.8: the incomplete beta function at
       v / (v + t^2), by its continued fraction.
    """
    squared = distance.square()
    a, b = 0.5 * degrees, torch.full_like(degrees, 0.5)
    near, far = degrees / (degrees + squared), squared / (degrees + squared)
    swapped = near > (a + 1.0) / (a + b + 2.0)  # where the fraction of the other tail is short
    front = torch.exp(
        torch.lgamma(a + b) - torch.lgamma(a) - torch.lgamma(b) + a * near.log() + b * far.log()
    )
    first, second = torch.where(swapped, b, a), torch.where(swapped, a, b)
    share = front * _beta_fraction(first, second, torch.where(swapped, far, near)) / first
    return 0.5 * torch.where(swapped, 1.0 - share, share)


def _beta_fraction(a: Tensor, b: Tensor, x: Tensor) -> Tensor:
    """Sum the continued fraction of the incomplete beta function (Lentz 1976)."""

    def inverse(value: Tensor) -> Tensor:
        return 1.0 / torch.where(value.abs() < TINY, TINY, value)

    denominator = inverse(1.0 - (a + b) * x / (a + 1.0))
    numerator, total = torch.ones_like(x), denominator
    for term in range(1, MOST_TERMS):
        even = term * (b - term) * x / ((a + 2 * term - 1) * (a + 2 * term))
        odd = -(a + term) * (a + b + term) * x / ((a + 2 * term) * (a + 2 * term + 1))
        for coefficient in (even, odd):
            denominator = inverse(1.0 + coefficient * denominator)
            numerator = 1.0 + coefficient * inverse(numerator)
            change = numerator * denominator
            total = total * change
        if bool(((change - 1.0).abs() < 1e-15).all()):
            break
    return total


def tail_bounds(shares: Tensor) -> tuple[Tensor, Tensor]:
    """Return the quantiles of the Gaussian, and of Student's t with two degrees of freedom.

    Those of more than two degrees of freedom lie between them.

    >>> tail_bounds(torch.tensor(0.975, dtype=torch.float64))
    (tensor(1.9600, dtype=torch.float64), tensor(4.3027, dtype=torch.float64))
    """
    other = 1.0 - shares
    two = (shares - other) / (2.0 * shares * other).sqrt()
    return torch.special.ndtri(shares), two
