"""Forecasts to compare with: the random walk and the seasonal naive one, each with its spread."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqstudio.api.nn import Density
from seqstudio_forecast.scores import gaussian

MEMORY = 1000  # errors that a spread is estimated from
Floats = NDArray[np.float64]


def walk(values: Floats, origins: NDArray[np.int64], horizon: int) -> Density:
    """Return the densities of the (N, H) values after each origin, as of a random walk.

    The spread is that of the changes before the origin, and grows with the root of the horizon.
    """
    changes = np.diff(values, prepend=values[0])
    spread = recent_root_mean_square(changes)[origins]
    means = np.repeat(values[origins][:, None], horizon, axis=1)
    scales = spread[:, None] * np.sqrt(np.arange(1, horizon + 1))
    return gaussian(torch.from_numpy(means), floored(scales, values))


def seasonal(values: Floats, origins: NDArray[np.int64], horizon: int, season: int) -> Density:
    """Return the densities of the (N, H) values after each origin: those of a season before.

    Source of the spread: Hyndman and Athanasopoulos 2021, "Forecasting: principles and practice",
    section 5.5. It grows with the root of the number of seasons ahead.
    """
    steps = np.arange(1, horizon + 1)
    seasons = -(-steps // season)
    places = origins[:, None] + steps - season * seasons
    changes = np.zeros(len(values))
    changes[season:] = values[season:] - values[:-season]
    spread = recent_root_mean_square(changes)[origins]
    means = values[np.maximum(places, 0)]
    return gaussian(torch.from_numpy(means), floored(spread[:, None] * np.sqrt(seasons), values))


def recent_root_mean_square(changes: Floats) -> Floats:
    """Return at each step the root mean square of the last changes up to it."""
    sums = np.concatenate([[0.0], np.cumsum(np.square(changes))])
    at = np.arange(1, len(changes) + 1)
    first = np.maximum(at - MEMORY, 0)
    spread: Floats = np.sqrt(np.maximum(sums[at] - sums[first], 0.0) / (at - first))
    return spread


def floored(scales: Floats, values: Floats) -> Tensor:
    """Return scales that are positive, for series that do not change."""
    return torch.from_numpy(np.maximum(scales, 1e-9 * (1.0 + np.abs(values).mean())))
