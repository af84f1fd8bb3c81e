import re
from typing import Any

import pytest
import torch
from torch.distributions import Normal, kl_divergence
from torch.testing import assert_close

from seqstudio.core.bridges import (
    FinalStateConfig,
    LatentConfig,
    PooledConfig,
    interpolate,
    interpolate_on_sphere,
    kl_weight,
    pool_frames,
)
from seqstudio.core.cells import CELLS
from seqstudio.core.config import ModelConfig, PartConfig
from seqstudio.core.decoder import DecoderConfig
from seqstudio.core.dropout import reseed
from seqstudio.core.encoder import Encoded, EncoderConfig
from seqstudio.core.front_end import TokensConfig
from seqstudio.core.model import SequenceModel, build
from seqstudio.core.nested import NestedConfig
from seqstudio.errors import ConfigError, TrainingError

LENGTHS = torch.tensor([3, 1])
FRAMES = torch.tensor(
    [[[1.0, -5.0], [2.0, -6.0], [6.0, -1.0]], [[-4.0, 3.0], [9.0, 9.0], [9.0, 9.0]]]
)


def bridged(bridge: PartConfig, decoder: PartConfig | None = None) -> SequenceModel:
    torch.manual_seed(5)
    config = ModelConfig(
        source=TokensConfig(vocabulary=7),
        encoder=EncoderConfig(hidden=6, layers=1),
        bridge=bridge,
        decoder=decoder or DecoderConfig(vocabulary=5, hidden=8, dimension=4, layers=2),
    )
    return build(config).eval()


def encoded(model: SequenceModel) -> Encoded:
    return model.encode(torch.tensor([[0, 1, 2], [3, 0, 0]]), LENGTHS)


@pytest.mark.parametrize(
    ("pooling", "pooled"),
    [("mean", [[3.0, -4.0], [-4.0, 3.0]]), ("max", [[6.0, -1.0], [-4.0, 3.0]])],
)
def test_pooling_sees_valid_frames_only(pooling: Any, pooled: list[list[float]]) -> None:
    assert pool_frames(Encoded(FRAMES, LENGTHS, None), pooling).tolist() == pooled


@pytest.mark.parametrize("bridge", [FinalStateConfig(), PooledConfig(), LatentConfig(dimension=3)])
@pytest.mark.parametrize("cell", CELLS)
def test_every_bridge_starts_every_decoder(cell: Any, bridge: PartConfig) -> None:
    flat = DecoderConfig(vocabulary=5, cell=cell, hidden=8, layers=2)
    nested = NestedConfig(vocabulary=5, cell=cell, hidden=8, layers=2, inner_hidden=4)
    for decoder, tokens in (
        (flat, torch.tensor([[1], [2]])),
        (nested, torch.tensor([[[4]], [[4]]])),
    ):
        model = bridged(bridge, decoder)
        one = torch.tensor([1, 1])
        first = model.log_probs(tokens, one, encoded=encoded(model)).detach().flatten()
        logits, _ = model.start(2, encoded=encoded(model))
        stepped = logits.log_softmax(dim=-1).gather(1, tokens.view(2, 1))[:, 0]
        assert_close(stepped, first, atol=1e-6, rtol=1e-6)
        assert not torch.allclose(logits[0], logits[1])


def test_a_pooled_bridge_has_no_loss_and_asks_for_no_state() -> None:
    model = bridged(PooledConfig())
    assert encoded(model).state is None
    total, count = model.bridge_loss(encoded(model))
    assert (float(total), count) == (0.0, 2)


def test_the_loss_of_a_latent_bridge_is_the_divergence_from_the_prior() -> None:
    model = bridged(LatentConfig(dimension=3))
    mean, log_variance = model.bridge.posterior(encoded(model))
    posterior = Normal(mean, (0.5 * log_variance).exp())
    total, count = model.bridge_loss(encoded(model))

    assert count == 2
    assert_close(total, kl_divergence(posterior, Normal(0.0, 1.0)).sum())


def test_in_training_each_dimension_of_each_item_costs_its_free_bits() -> None:
    model = bridged(LatentConfig(dimension=3, free_bits=2.0)).train()
    source = encoded(model)
    by_dimension = model.bridge.divergence(source).detach()
    assert (by_dimension < 2.0).all()
    assert float(model.bridge_loss(source)[0].detach()) == 2 * 3 * 2.0
    assert_close(model.eval().bridge_loss(source)[0], by_dimension.sum())


def test_the_weight_of_the_divergence_rises_with_the_steps_of_training() -> None:
    assert [kl_weight(step, 4) for step in (0, 1, 4, 9)] == [0.0, 0.25, 1.0, 1.0]
    model = bridged(LatentConfig(dimension=3, kl_warmup=10)).train()
    source = encoded(model)
    full = model.bridge.divergence(source).sum()
    for step, weight in ((1, 0.1), (5, 0.5), (20, 1.0)):
        reseed(model, seed=3, step=step)
        assert_close(model.bridge_loss(source)[0], weight * full)


def test_the_latent_is_a_function_of_seed_and_step_and_in_evaluation_the_mean() -> None:
    model = bridged(LatentConfig(dimension=3)).train()
    source = encoded(model)
    with pytest.raises(TrainingError, match=r"^latentgaussian has no seed, expected"):
        model.bridge.latent(source)

    def latent(seed: int, step: int) -> torch.Tensor:
        reseed(model, seed, step)
        found: torch.Tensor = model.bridge.latent(source).detach()
        return found

    first = latent(1, 2)
    torch.rand(5)  # the global random state has no effect
    assert torch.equal(latent(1, 2), first)
    assert not torch.equal(latent(1, 3), first)
    assert not torch.equal(latent(2, 2), first)
    assert torch.equal(model.eval().bridge.latent(source), model.bridge.posterior(source)[0])


def test_draws_of_the_posterior_have_its_mean_and_variance() -> None:
    model = bridged(LatentConfig(dimension=2)).train()
    source = encoded(model).select(torch.zeros(4000, dtype=torch.int64))
    reseed(model, 0, 1)
    drawn = model.bridge.latent(source).detach()
    mean, log_variance = (part[0].detach() for part in model.bridge.posterior(source))

    assert_close(drawn.mean(dim=0), mean, atol=0.05, rtol=0)
    assert_close(drawn.var(dim=0), log_variance.exp(), atol=0.08, rtol=0)


def test_a_draw_of_the_prior_depends_on_its_own_seed_alone() -> None:
    bridge = bridged(LatentConfig(dimension=4)).bridge
    assert torch.equal(bridge.prior([5, 6, 7])[1:2], bridge.prior([6]))
    many = bridge.prior(list(range(3000)))
    assert_close(many.mean(dim=0), torch.zeros(4), atol=0.06, rtol=0)
    assert_close(many.std(dim=0), torch.ones(4), atol=0.06, rtol=0)


def test_a_latent_stands_for_a_source() -> None:
    model = bridged(LatentConfig(dimension=3))
    source, tokens = encoded(model), torch.tensor([[1, 2], [3, 4]])
    lengths = torch.tensor([2, 2])
    chosen = model.from_latents(model.bridge.posterior(source)[0])
    by_source = model.decode(tokens, lengths, encoded=source)

    assert_close(model.decode(tokens, lengths, encoded=chosen), by_source)
    swapped = chosen.select(torch.tensor([1, 0]))
    assert_close(model.start(2, encoded=swapped)[0], by_source[[1, 0], 0].detach())


def test_given_latents_have_no_posterior() -> None:
    model = bridged(LatentConfig(dimension=3))
    with pytest.raises(ConfigError, match=r"^posterior of given latents, expected an encoded"):
        model.bridge_loss(model.from_latents(torch.zeros(1, 3)))


@pytest.mark.parametrize(
    ("bridge", "latents", "message"),
    [
        (PooledConfig(), torch.zeros(1, 3), "from_latents, expected a model whose decoder reads"),
        (LatentConfig(dimension=3), torch.zeros(1, 2), "latents of shape (1, 2), expected (B, 3)"),
        (LatentConfig(dimension=3), torch.zeros(3), "latents of shape (3,), expected (B, 3)"),
    ],
)
def test_latents_that_do_not_fit_are_refused(
    bridge: PartConfig, latents: torch.Tensor, message: str
) -> None:
    with pytest.raises(ConfigError, match="^" + re.escape(message)):
        bridged(bridge).from_latents(latents)


def test_interpolations_begin_and_end_at_their_latents() -> None:
    start, end = torch.tensor([3.0, 0.0, 0.0]), torch.tensor([0.0, 4.0, 0.0])
    for path in (interpolate(start, end, 5), interpolate_on_sphere(start, end, 5)):
        assert_close(path[[0, -1]], torch.stack([start, end]))
    assert_close(interpolate(start, end, 3)[1], torch.tensor([1.5, 2.0, 0.0]))


def test_an_interpolation_on_the_sphere_stays_on_it_and_turns_evenly() -> None:
    start, end = torch.tensor([2.0, 0.0]), torch.tensor([0.0, 2.0])
    path = interpolate_on_sphere(start, end, 4)
    assert_close(path.norm(dim=1), torch.full((4,), 2.0))
    angles = torch.atan2(path[:, 1], path[:, 0])
    assert_close(angles.diff(), torch.full((3,), torch.pi / 6))
    assert_close(interpolate_on_sphere(start, 3 * start, 3)[1], 2 * start)


@pytest.mark.parametrize(
    ("build_config", "message"),
    [
        (lambda: PooledConfig(pooling="sum"), "pooling='sum', expected mean or max"),
        (lambda: LatentConfig(dimension=0), "dimension=0, expected at least 1"),
        (lambda: LatentConfig(free_bits=-0.1), "free_bits=-0.1, expected 0 or more"),
        (lambda: LatentConfig(kl_warmup=-1), "kl_warmup=-1, expected 0 or more"),
    ],
)
def test_a_bad_setting_is_named_with_its_value(build_config: Any, message: str) -> None:
    with pytest.raises(ConfigError, match="^" + re.escape(message)):
        build_config()
