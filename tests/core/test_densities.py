import math

import numpy as np
import pytest
import scipy.stats
import torch
from torch.testing import assert_close

from seqstudio.core.densities import Density, DensityConfig
from seqstudio.errors import ConfigError

SHARES = (1e-9, 0.01, 0.3, 0.5, 0.8, 1 - 1e-6)


def config(family: str, *, values: int = 2, components: int = 3) -> DensityConfig:
    return DensityConfig(values=values, family=family, components=components)  # type: ignore[arg-type]


def random_density(family: str, *shape: int, seed: int = 0, values: int = 2) -> Density:
    made = config(family, values=values)
    generator = torch.Generator().manual_seed(seed)
    return made.density(3.0 * torch.randn(*shape, made.outputs, generator=generator))


def scipy_components(density: Density) -> list[list[object]]:
    """Return the marginals of a density of one step, by component and value."""
    degrees = density.degrees
    rows = zip(density.means.tolist(), density.scales.tolist(), strict=True)
    return [
        [
            scipy.stats.norm(mean, scale)
            if degrees is None
            else scipy.stats.t(float(degrees[k, d]), mean, scale)
            for d, (mean, scale) in enumerate(zip(means, scales, strict=True))
        ]
        for k, (means, scales) in enumerate(rows)
    ]


@pytest.mark.parametrize("family", ["gaussian", "student_t"])
def test_the_log_density_is_that_of_the_mixture(family: str) -> None:
    density = random_density(family)
    values = [0.3, -1.2]
    components = [
        math.prod(one.pdf(value) for one, value in zip(row, values, strict=True))  # type: ignore[attr-defined]
        for row in scipy_components(density)
    ]
    expected = math.log(float(np.dot(density.log_weights.exp().numpy(), components)))
    assert float(density.log_prob(torch.tensor(values))) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("family", ["gaussian", "student_t"])
def test_the_density_of_one_value_integrates_to_one(family: str) -> None:
    density = random_density(family, values=1)
    grid = torch.linspace(-400.0, 400.0, 400_001, dtype=torch.float64)
    log_probs = density.log_prob(grid[:, None])
    assert float(torch.trapezoid(log_probs.exp(), grid)) == pytest.approx(1.0, abs=2e-4)


@pytest.mark.parametrize("family", ["gaussian", "student_t"])
def test_the_mean_is_the_weighted_mean_of_the_components(family: str) -> None:
    density = random_density(family, 4)
    expected = torch.einsum("nk,nkd->nd", density.log_weights.exp(), density.means)
    assert_close(density.mean(), expected)


@pytest.mark.parametrize("family", ["gaussian", "student_t"])
@pytest.mark.parametrize("share", SHARES)
def test_a_share_of_the_mixture_lies_below_its_quantile(family: str, share: float) -> None:
    density = random_density(family, seed=3)
    quantile = density.quantile(share)
    rows = scipy_components(density)
    for value in range(2):
        at = float(quantile[value])
        below = sum(w * row[value].cdf(at) for w, row in zip(weights(density), rows, strict=True))  # type: ignore[attr-defined]
        above = sum(w * row[value].sf(at) for w, row in zip(weights(density), rows, strict=True))  # type: ignore[attr-defined]
        assert below == pytest.approx(share, rel=1e-5)
        assert above == pytest.approx(1 - share, rel=1e-5)


def weights(density: Density) -> list[float]:
    return [float(one) for one in density.log_weights.double().exp()]


@pytest.mark.parametrize("degrees", [2.1, 3.0, 7.5, 60.0, 2000.0])
def test_quantiles_of_one_student_t(degrees: float) -> None:
    one = torch.ones(1, 1, dtype=torch.float64)
    density = Density(torch.zeros(1), 5.0 * one, 2.0 * one, degrees * one)
    for share in SHARES:
        expected = scipy.stats.t(degrees, 5.0, 2.0).ppf(share)
        assert float(density.quantile(share)) == pytest.approx(expected, rel=1e-8)


def test_quantiles_of_components_that_are_far_apart() -> None:
    # Between the two there is no density for Newton's method to follow.
    means = torch.tensor([[-1e4], [1e4]])
    density = Density(torch.tensor([0.25, 0.75]).log(), means, torch.full((2, 1), 1e-3))
    assert float(density.quantile(0.125)) == pytest.approx(-1e4, abs=1e-6)
    assert float(density.quantile(0.625)) == pytest.approx(1e4, abs=1e-6)
    many = density.quantile(torch.tensor([[0.1], [0.2], [0.9]]))
    assert_close(many.flatten(), torch.tensor([-1e4, -1e4, 1e4]).double(), atol=0.01, rtol=0)


@pytest.mark.medium
@pytest.mark.parametrize("family", ["gaussian", "student_t"])
def test_samples_are_distributed_as_the_density_says(family: str) -> None:
    density = random_density(family, seed=1, values=1)
    generator = torch.Generator().manual_seed(0)
    uniform = torch.rand(40_000, 3, generator=generator)
    many = repeated(density, 40_000)
    drawn = many.sample(uniform)
    below, _ = many.tails(drawn)
    # The probability integral transform of the samples is uniform.
    assert scipy.stats.kstest(below.flatten().numpy(), "uniform").pvalue > 0.01
    assert torch.equal(drawn, many.sample(uniform))


def repeated(density: Density, steps: int) -> Density:
    parameters = (density.log_weights, density.means, density.scales, density.degrees)
    return Density(
        *(None if one is None else one.expand(steps, *one.shape) for one in parameters)  # type: ignore[arg-type]
    )


def test_values_of_a_step_may_depend_on_each_other() -> None:
    # Two components at (1, 1) and (-1, -1): the values of one draw have the same sign.
    means = torch.tensor([[1.0, 1.0], [-1.0, -1.0]])
    density = Density(torch.full((2,), 0.5).log(), means, torch.full((2, 2), 0.05))
    drawn = repeated(density, 500).sample(torch.rand(500, 5))
    assert bool((drawn.sign().prod(dim=1) == 1).all())
    assert 150 < int((drawn[:, 0] > 0).sum()) < 350


@pytest.mark.parametrize("family", ["gaussian", "student_t"])
def test_no_row_depends_on_its_neighbours(family: str) -> None:
    made = config(family, values=1, components=5)
    outputs = torch.randn(16, made.outputs)
    uniform = torch.rand(16, 3)
    together = made.density(outputs).sample(uniform)
    for count in range(1, 16):
        assert torch.equal(made.density(outputs[:count]).sample(uniform[:count]), together[:count])


def test_extreme_outputs_keep_the_log_density_finite() -> None:
    made = config("student_t")
    for size in (-1e4, 1e4):
        density = made.density(torch.full((made.outputs,), size))
        assert density.log_prob(torch.zeros(2)).isfinite()
        assert float(density.scales.min()) >= made.min_scale


def test_half_precision_outputs_give_a_density_in_float32() -> None:
    made = config("gaussian")
    assert (
        made.density(torch.zeros(made.outputs, dtype=torch.bfloat16)).means.dtype == torch.float32
    )


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"values": 0}, r"^values=0, expected at least 1"),
        ({"components": 0}, r"^components=0, expected at least 1"),
        ({"family": "cauchy"}, r"^family='cauchy', expected one of gaussian, student_t"),
        ({"min_scale": 0.0}, r"^min_scale=0.0, expected more than 0"),
    ],
)
def test_a_bad_setting_is_named(settings: dict[str, object], match: str) -> None:
    with pytest.raises(ConfigError, match=match):
        DensityConfig(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("family", ["gaussian", "student_t"])
def test_values_that_are_not_known_are_left_out_of_the_density(family: str) -> None:
    density = random_density(family, 4)
    alone = Density(
        density.log_weights,
        density.means[..., :1],
        density.scales[..., :1],
        None if density.degrees is None else density.degrees[..., :1],
    )
    values = torch.tensor([[0.5, math.nan]]).expand(4, 2)
    known = torch.tensor([True, False])

    assert_close(density.log_prob(values, known), alone.log_prob(values[:, :1]))
    assert_close(density.log_prob(values, torch.tensor([False, False])), torch.zeros(4))
