from typing import Any, get_args

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from seqstudio.core.bridges import FinalStateConfig
from seqstudio.core.cells import Cell
from seqstudio.core.config import ModelConfig, config_from_plain, config_to_plain
from seqstudio.core.densities import Density, DensityConfig
from seqstudio.core.encoder import EncoderConfig
from seqstudio.core.front_end import FramesConfig
from seqstudio.core.model import SequenceModel, build
from seqstudio.core.parts import default_parts
from seqstudio.core.series_decoder import SeriesConfig
from seqstudio.errors import ConfigError

DENSITY = DensityConfig(values=2, components=3)


def series_model(seed: int = 0, **settings: Any) -> SequenceModel:
    torch.manual_seed(seed)
    decoder = SeriesConfig(**{"density": DENSITY, "dimension": 5, "hidden": 12, **settings})
    model = build(ModelConfig(decoder=decoder)).eval()
    with torch.no_grad():
        model.decoder.first.normal_()
    return model


def draw_targets(rows: int = 3, steps: int = 7) -> Tensor:
    return torch.randn(rows, steps, 2, generator=torch.Generator().manual_seed(1))


def known(rows: int = 3, steps: int = 7) -> Tensor:
    """Return covariates: one of four values, and a real number."""
    generator = torch.Generator().manual_seed(2)
    number = torch.randint(0, 4, (rows, steps), generator=generator).float()
    return torch.stack([number, torch.randn(rows, steps, generator=generator)], dim=-1)


def assert_same(one: Density, other: Density) -> None:
    assert_close(one.log_weights, other.log_weights, atol=1e-5, rtol=1e-5)
    assert_close(one.means, other.means, atol=1e-5, rtol=1e-5)
    assert_close(one.scales, other.scales, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("cell", get_args(Cell))
@pytest.mark.parametrize("covariates", [(), (4, 0)])
def test_stepping_equals_whole_series(cell: str, covariates: tuple[int, ...]) -> None:
    model = series_model(cell=cell, covariates=covariates)
    targets, inputs = draw_targets(), known() if covariates else None
    with torch.no_grad():
        whole = model.decoder.densities(targets, torch.full((3,), 7), covariates=inputs)
    density, state = model.start(3, covariates=inputs)
    for step in range(7):
        assert_same(density, whole[:, step])
        density, state = model.step(targets[:, step], state)


def test_a_history_is_read_at_once_with_the_bits_of_its_steps() -> None:
    model = series_model(covariates=(4, 0))
    targets, inputs = draw_targets(), known(steps=9)
    density, state = model.start(3, covariates=inputs)
    for step in range(7):
        density, state = model.step(targets[:, step], state)
    primed, primed_state = model.decoder.prime(targets, covariates=inputs)
    assert torch.equal(primed.means, density.means)
    after, _ = model.step(targets[:, 0], state)
    primed_after, _ = model.step(targets[:, 0], primed_state)
    assert torch.equal(primed_after.means, after.means)


def test_log_probs_are_the_densities_at_the_targets() -> None:
    model = series_model()
    targets, lengths = draw_targets(), torch.tensor([7, 3, 1])
    log_probs = model.log_probs(targets, lengths)
    expected = model.decoder.densities(targets, lengths).log_prob(targets)
    inside = torch.arange(7) < lengths[:, None]
    assert_close(log_probs, expected.masked_fill(~inside, 0.0))


def test_padding_changes_nothing_not_even_as_nan() -> None:
    model, lengths = series_model(), torch.tensor([7, 3, 1])
    targets = draw_targets()
    clean = model.log_probs(targets, lengths)
    targets[1, 3:], targets[2, 1:] = torch.nan, torch.nan
    padded = model.log_probs(targets, lengths)
    assert torch.equal(padded, clean)
    padded.sum().backward()
    assert all(bool(p.grad.isfinite().all()) for p in model.parameters() if p.grad is not None)


def test_no_step_reads_its_own_or_later_values() -> None:
    model, lengths = series_model(), torch.full((3,), 7)
    targets = draw_targets()
    before = model.decoder.densities(targets, lengths).means
    targets[:, 4:] += 1.0
    after = model.decoder.densities(targets, lengths).means
    assert torch.equal(after[:, :5], before[:, :5])
    assert not torch.equal(after[:, 5], before[:, 5])


@pytest.mark.parametrize("cell", get_args(Cell))
def test_no_row_depends_on_its_neighbours(cell: str) -> None:
    model = series_model(cell=cell, covariates=(4, 0), hidden=20)
    targets, inputs = draw_targets(16), known(16)

    def futures(rows: int) -> Tensor:
        density, state = model.start(rows, covariates=inputs[:rows])
        drawn = []
        uniform = torch.rand(6, 16, 5, generator=torch.Generator().manual_seed(3))
        for step in range(6):
            drawn.append(density.sample(uniform[step, :rows]))
            density, state = model.step(drawn[-1], state)
        return torch.stack(drawn)

    together = futures(16)
    assert targets.shape[0] == 16
    for rows in (1, 2, 3, 7, 15):
        assert torch.equal(futures(rows), together[:, :rows])


def test_selected_rows_go_on_as_before() -> None:
    model = series_model(covariates=(4, 0))
    targets, inputs = draw_targets(), known()
    _, state = model.start(3, covariates=inputs)
    _, state = model.step(targets[:, 0], state)
    density, _ = model.step(targets[:, 1], state)
    rows = torch.tensor([2, 0, 2])
    selected, _ = model.step(targets[rows, 1], state.select(rows))
    assert torch.equal(selected.means, density.means[rows])


def test_covariates_of_all_rows_alike_are_given_once() -> None:
    model, inputs = series_model(covariates=(4, 0)), known(1)
    one, _ = model.start(2, covariates=inputs[0])
    other, _ = model.start(2, covariates=inputs.expand(2, -1, -1))
    assert torch.equal(one.means, other.means)


def test_a_series_decoder_starts_from_an_encoder() -> None:
    torch.manual_seed(0)
    config = ModelConfig(
        source=FramesConfig(features=3),
        encoder=EncoderConfig(hidden=4, layers=1),
        bridge=FinalStateConfig(),
        decoder=SeriesConfig(density=DENSITY, hidden=6, layers=1, covariates=(0,)),
    )
    assert config_from_plain(config_to_plain(config), default_parts()) == config
    model = build(config)
    encoded = model.encode(torch.randn(2, 5, 3), torch.tensor([5, 4]))
    targets, inputs = draw_targets(2, 4), known(2, 4)[..., 1:]
    model.log_probs(
        targets, torch.tensor([4, 4]), encoded=encoded, covariates=inputs
    ).sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    density, _ = model.start(2, encoded=encoded, covariates=inputs)
    assert density.means.shape == (2, 3, 2)


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"covariates": (3, -1)}, r"^covariates\[1\]=-1, expected 0 or more values"),
        ({"dimension": 0}, r"^dimension=0, expected at least 1"),
        ({"dropout": 1.0}, r"^dropout=1.0, expected 0 <= dropout < 1"),
    ],
)
def test_a_bad_setting_is_named(settings: dict[str, Any], match: str) -> None:
    with pytest.raises(ConfigError, match=match):
        SeriesConfig(**settings)
