"""Bowman et al. 2016, "Generating sentences from a continuous space": a VAE over sequences."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from generated import GeneratedBatch, GeneratedExample, GeneratedTask, TrainResult, train_on
from torch import Tensor

from seqstudio.contracts.data import LossSum
from seqstudio.contracts.job import SamplingConfig, TakeSeed
from seqstudio.contracts.task import TrainConfig
from seqstudio.core.bridges import LatentConfig, interpolate, interpolate_on_sphere
from seqstudio.core.config import ModelConfig
from seqstudio.core.decoder import DecoderConfig
from seqstudio.core.encoder import EncoderConfig
from seqstudio.core.front_end import TokensConfig
from seqstudio.core.losses import cross_entropy_sum
from seqstudio.core.model import SequenceModel
from seqstudio.services.sampling import sample

STEPS = 16
HELD = [(start, length) for start in range(11) for length in range(2, 7)]  # all patterns


class SixteenSteps:
    """Ends each row after sixteen tokens."""

    def allowed(self, row: int, tokens: Sequence[int]) -> None:
        return None

    def finished(self, row: int, tokens: Sequence[int]) -> bool:
        return len(tokens) >= STEPS


class NotesTask(GeneratedTask):
    """Patterns of one held note; the loss is the negative ELBO, in nats a pattern.

    The error is the same with the decoder at the posterior's mean.
    """

    def loss(self, model: Any, batch: GeneratedBatch) -> LossSum:
        encoded = model.encode(batch.inputs, batch.input_lengths)
        logits = model.decode(batch.targets, batch.target_lengths, encoded=encoded)
        total, _ = cross_entropy_sum(logits, batch.targets, batch.target_lengths)
        divergence, items = model.bridge_loss(encoded)
        parts = {"nll": float(total.detach()), "divergence": float(divergence.detach())}
        return LossSum(total + divergence, items, parts)

    def errors(self, model: SequenceModel, batch: GeneratedBatch) -> Sequence[tuple[float, float]]:
        encoded = model.encode(batch.inputs, batch.input_lengths)
        log_probs = model.log_probs(batch.targets, batch.target_lengths, encoded=encoded)
        divergence = model.bridge.divergence(encoded).sum(dim=1)
        return [(cost, 1.0) for cost in (divergence - log_probs.sum(dim=1)).tolist()]


def pattern(start: int, length: int) -> Tensor:
    """Return sixteen steps, of which the held ones are 1."""
    steps = torch.arange(STEPS)
    return ((steps >= start) & (steps < start + length)).long()


def patterns(places: Sequence[tuple[int, int]], repeats: int = 1) -> list[GeneratedExample]:
    chosen = [(number, pattern(*place)) for number in range(repeats) for place in places]
    return [
        GeneratedExample(id=f"{repeat}-{number}", inputs=one, targets=one)
        for number, (repeat, one) in enumerate(chosen)
    ]


def split() -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return the places of training and of held-out patterns."""
    order = np.random.default_rng(0).permutation(len(HELD))
    return [HELD[at] for at in order[8:]], [HELD[at] for at in order[:8]]


def latent_model(**fields: Any) -> ModelConfig:
    return ModelConfig(
        source=TokensConfig(vocabulary=2, dimension=8),
        encoder=EncoderConfig(cell="gru", hidden=32, layers=1),
        bridge=LatentConfig(dimension=4, **fields),
        decoder=DecoderConfig(vocabulary=2, dimension=8, cell="gru", hidden=48, layers=1),
    )


def decode(model: SequenceModel, latents: Tensor, config: SamplingConfig) -> Tensor:
    """Return the (B, 16) patterns of (B, Z) latents, by the sampling service."""
    count = len(latents)
    rows: list[list[int]] = [[] for _ in range(count)]
    takes = [TakeSeed(number, seed=number) for number in range(count)]
    source = model.from_latents(latents)
    for row, token in sample(model, [()] * count, takes, SixteenSteps(), config, encoded=source):
        rows[row].append(token)
    return torch.tensor(rows)


def is_held(row: Tensor) -> bool:
    """Return whether a pattern has one held note, of a length that the data have."""
    onsets = sum(int(before == 0 and now == 1) for before, now in pairwise([0, *row.tolist()]))
    return onsets == 1 and 2 <= int(row.sum()) <= 6


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, TrainResult]:
    """Train with and without free bits, for as many steps."""
    config = TrainConfig(
        epochs=40, batch_size=32, learning_rate=0.01, weight_decay=0.1, average=1, evaluate_every=10
    )
    places, held_out = split()
    results = {}
    for name, fields in (("free bits", {"free_bits": 1.0, "kl_warmup": 300}), ("none", {})):
        results[name] = train_on(
            NotesTask(latent_model(**fields)),
            patterns(places, repeats=20),
            patterns(held_out),
            config,
            tmp_path_factory.mktemp("vae") / "run",
        )
    return results


GREEDY = SamplingConfig(temperature=0)


def posterior_means(model: SequenceModel, places: Sequence[tuple[int, int]]) -> Tensor:
    rows = torch.stack([pattern(*place) for place in places])
    with torch.no_grad():
        encoded = model.encode(rows, torch.full((len(rows),), STEPS))
        mean: Tensor = model.bridge.posterior(encoded)[0]
    return mean


@pytest.mark.medium
def test_held_out_patterns_are_reconstructed(trained: dict[str, TrainResult]) -> None:
    """Claim: the latent holds the whole pattern, of patterns never seen too."""
    model, (places, held_out) = trained["free bits"].model, split()
    for title, chosen, least in (("held out", held_out, (0.9, 0.5)), ("seen", places, (0.99, 0.9))):
        decoded = decode(model, posterior_means(model, chosen), GREEDY)
        same = (decoded == torch.stack([pattern(*place) for place in chosen])).double()
        steps, whole = float(same.mean()), float(same.amin(dim=1).mean())
        print(f"VAE of held notes, {title}: {steps:.3f} of the steps, {whole:.2f} of the patterns")
        assert steps > least[0]
        assert whole >= least[1]


@pytest.mark.medium
def test_interpolations_are_patterns_too(trained: dict[str, TrainResult]) -> None:
    """Claim (section 5.3): every point between two latents decodes to a well-formed item."""
    model, (places, _) = trained["free bits"].model, split()
    means = posterior_means(model, places)
    for path in (interpolate, interpolate_on_sphere):
        points = torch.cat([path(start, end, 7)[1:-1] for start, end in pairwise(means)])
        valid = [is_held(row) for row in decode(model, points, GREEDY)]
        print(f"VAE of held notes: {np.mean(valid):.2f} of {len(valid)} by {path.__name__} valid")
        assert np.mean(valid) > 0.95


@pytest.mark.medium
def test_samples_from_the_prior_are_distributed_as_the_data(
    trained: dict[str, TrainResult],
) -> None:
    """Claim: latents of the prior decode to the data's distribution."""
    model = trained["free bits"].model
    drawn = decode(model, model.bridge.prior(list(range(600))), SamplingConfig())
    valid = np.mean([is_held(row) for row in drawn])
    data = torch.stack([pattern(*place) for place in HELD]).double()
    by_step = (drawn.double().mean(dim=0) - data.mean(dim=0)).abs()
    print(f"VAE of held notes: {valid:.2f} of 600 samples valid, steps off by {by_step.max():.3f}")

    assert valid > 0.9
    assert float(by_step.max()) < 0.12


@pytest.mark.medium
def test_free_bits_prevent_posterior_collapse(trained: dict[str, TrainResult]) -> None:
    """Claim (Bowman et al. 2016, section 3.1; Kingma et al. 2016, C.8): without, it is ignored."""
    rows = torch.stack([pattern(*place) for place in split()[0]])
    divergence = {}
    for name, one in trained.items():
        with torch.no_grad():
            encoded = one.model.encode(rows, torch.full((len(rows),), STEPS))
            divergence[name] = float(one.model.bridge.divergence(encoded).sum(dim=1).mean())
        print(f"VAE of held notes, {name}: KL {divergence[name]:.2f} nats, {one.error:.2f} in all")
        print(f"VAE of held notes, {name}: {one.steps} steps, {one.cpu_s:.0f} s of CPU")

    assert divergence["free bits"] > 3.0
    assert divergence["none"] < 0.2
