"""A trained model's densities of the next values of a series, in the series' own units."""

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqstudio.api import LoadedModel
from seqstudio.api.nn import Density
from seqstudio_forecast.frames import Frames
from seqstudio_forecast.series import Series

HEAD = "ahead"  # the density of the next values' errors, in usual errors
BLOCK = 4096  # frames that are encoded at once


def error_densities(model: LoadedModel, frames: Frames) -> Density:
    """Return the densities of what the first guesses after each frame are wrong by, on the CPU."""
    module, found = model.module, []
    state = module.start_encoding(1)
    inputs = torch.from_numpy(frames.inputs)[None].to(model.device)
    with torch.inference_mode():
        for block in inputs.split(BLOCK, dim=1):
            encoded, state = module.encode_block(block, state)
            found.append(module.head(HEAD)(encoded))
    return Density(
        *(
            torch.cat([getattr(one, name)[0] for one in found]).double().cpu()
            for name in ("log_weights", "means", "scales")
        )
    )


def in_units(errors: Density, guesses: NDArray[np.float64], scales: NDArray[np.float64]) -> Density:
    """Return the densities of the values themselves, from those of the scaled errors."""
    scale, guess = torch.from_numpy(scales)[:, None], torch.from_numpy(guesses)[:, None]
    return replace(errors, means=guess + scale * errors.means, scales=scale * errors.scales)


def values_ahead(series: Series, horizon: int) -> tuple[Tensor, Tensor]:
    """Return the (T, H) values after each step, and whether they were observed."""
    size = len(series)
    places = np.arange(size)[:, None] + np.arange(1, horizon + 1)
    there = places < size
    places = np.minimum(places, size - 1)
    known = there & series.observed[places]
    return torch.from_numpy(series.values[places]), torch.from_numpy(known)
