"""Scores of forecasts, against their definitions."""

import numpy as np
import torch
from numpy.testing import assert_allclose
from seqstudio_forecast.baselines import seasonal, walk
from seqstudio_forecast.scores import gaussian, gaussian_crps, score

from seqstudio.api.nn import Density


def test_the_closed_form_is_the_integral_that_defines_the_crps() -> None:
    density = Density(
        torch.tensor([[0.3, 0.7]], dtype=torch.float64).log(),
        torch.tensor([[[-1.0], [2.0]]], dtype=torch.float64),
        torch.tensor([[[0.5], [1.5]]], dtype=torch.float64),
    )
    value = torch.tensor([[0.7]], dtype=torch.float64)
    grid = torch.linspace(-20, 20, 200_001, dtype=torch.float64)
    below, _ = Density(
        density.log_weights.expand(len(grid), 2),
        density.means.expand(len(grid), 2, 1),
        density.scales.expand(len(grid), 2, 1),
    ).tails(grid[:, None])
    integral = torch.trapezoid((below[:, 0] - (grid >= 0.7).double()).square(), grid)

    assert_allclose(gaussian_crps(density, value).item(), integral.item(), rtol=1e-4)


def test_a_right_density_covers_what_its_intervals_say() -> None:
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(4000, 1, generator=generator, dtype=torch.float64)
    density = gaussian(torch.zeros_like(values), torch.ones_like(values))
    found = score(density, values, torch.tensor(1.0), torch.ones(4000, 1, dtype=torch.bool))

    assert found.count == 4000
    assert_allclose([share / 4000 for share in found.inside], [0.8, 0.95], atol=0.02)


def test_the_naive_forecasts_are_what_they_are_named_after() -> None:
    values = np.array([0.0, 1.0, 2.0, 3.0] * 5)
    origins = np.array([11])

    assert walk(values, origins, 2).mean().tolist() == [[3.0, 3.0]]
    assert seasonal(values, origins, 6, 4).mean().tolist() == [[0.0, 1.0, 2.0, 3.0, 0.0, 1.0]]
    assert (walk(values, origins, 2).scales > 0).all()
