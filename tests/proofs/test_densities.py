"""Bishop 1994, "Mixture density networks": the density of real values, not only their mean."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from generated import GeneratedBatch, GeneratedExample, GeneratedTask, train_on
from torch import Tensor

from seqstudio.contracts.data import LossSum
from seqstudio.contracts.task import TrainConfig
from seqstudio.core.config import ModelConfig
from seqstudio.core.densities import Density, DensityConfig, masked_log_probs
from seqstudio.core.encoder import EncoderConfig
from seqstudio.core.front_end import TokensConfig
from seqstudio.core.model import SequenceModel
from seqstudio.core.series_decoder import SeriesConfig

STEPS = 20
CONFIG = TrainConfig(
    epochs=12, batch_size=32, learning_rate=0.02, weight_decay=0.0, evaluate_every=12
)


def truth(tokens: Tensor) -> Density:
    """Return the density of the value at each step, which depends on the sum of two tokens.

    Sum 0: two narrow branches. Sum 1: one wide branch. Sum 2: a narrow one with a rare wide one.
    """
    sums = tokens + torch.cat([torch.zeros_like(tokens[..., :1]), tokens[..., :-1]], dim=-1)
    shares = torch.tensor([[0.3, 0.7], [0.5, 0.5], [0.9, 0.1]])
    means = torch.tensor([[-1.0, 1.0], [0.5, 0.5], [0.0, 2.0]])
    scales = torch.tensor([[0.2, 0.2], [1.0, 1.0], [0.1, 0.5]])
    return Density(shares.log()[sums], means[sums][..., None], scales[sums][..., None])


def mixtures(seed: int, count: int) -> list[GeneratedExample]:
    """Draw tokens, 0 or 1, and at each step a value from the density that they determine."""
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(0, 2, (count, STEPS), generator=generator)
    values = truth(tokens).sample(torch.rand(count, STEPS, 3, generator=generator))
    return [
        GeneratedExample(id=f"{seed}-{number}", inputs=tokens[number], targets=values[number])
        for number in range(count)
    ]


class DensityTask(GeneratedTask):
    """Learn the density of values; the error is minus their log density, nats a step."""

    def log_probs(self, model: SequenceModel, batch: GeneratedBatch) -> Tensor:
        encoded = model.encode(batch.inputs, batch.input_lengths)
        density: Density = model.head("density")(encoded)
        return masked_log_probs(density, batch.targets, batch.target_lengths)

    def loss(self, model: Any, batch: GeneratedBatch) -> LossSum:
        encoded = model.encode(batch.inputs, batch.input_lengths)
        terms = model.head_loss("density", encoded, batch.targets, batch.target_lengths)
        return LossSum(*terms)

    def errors(self, model: SequenceModel, batch: GeneratedBatch) -> Sequence[tuple[float, float]]:
        rows = self.log_probs(model, batch).sum(dim=1).tolist()
        return [
            (-row, float(count))
            for row, count in zip(rows, batch.target_lengths.tolist(), strict=True)
        ]


def density_model(density: DensityConfig) -> ModelConfig:
    return ModelConfig(
        source=TokensConfig(vocabulary=2, dimension=4),
        encoder=EncoderConfig(hidden=16, layers=1, bidirectional=False),
        heads={"density": density},
    )


@pytest.mark.medium
def test_a_density_head_recovers_a_known_mixture(tmp_path: Path) -> None:
    """Claim (section 3): the mixture approaches the true density, a Gaussian cannot.

    Its cost on new data comes close to that of the truth, and so do its quantiles.
    """
    train_set, valid_set = mixtures(1, 1000), mixtures(2, 200)
    tokens = torch.stack([one.inputs for one in valid_set])
    values = torch.stack([one.targets for one in valid_set])
    entropy = -float(truth(tokens).log_prob(values).mean())
    mixture = DensityTask(density_model(DensityConfig(components=4)))
    gaussian = DensityTask(density_model(DensityConfig(components=1)))
    trained = train_on(mixture, train_set, valid_set, CONFIG, tmp_path / "mixture")
    single = train_on(gaussian, train_set, valid_set, CONFIG, tmp_path / "gaussian")

    with torch.no_grad():
        encoded = trained.model.encode(tokens, torch.full((len(tokens),), STEPS))
        found = trained.model.head("density")(encoded)
    expected = truth(tokens)
    # At 0.1, 0.6 and 0.9 the density of no branch is so low that a quantile is badly determined.
    off = [
        float((found.quantile(share) - expected.quantile(share)).abs().mean())
        for share in (0.1, 0.6, 0.9)
    ]
    print(f"mixture: {trained.error:.3f} nats a step, the truth {entropy:.3f}")
    print(f"mixture: one Gaussian {single.error:.3f}; {trained.cpu_s:.0f} s of CPU")
    print(f"mixture: quantiles are off by {off[0]:.3f}, {off[1]:.3f} and {off[2]:.3f}")

    assert trained.error < entropy + 0.05
    assert single.error > entropy + 0.3
    assert max(off) < 0.15


def heavy_tails(seed: int, count: int) -> list[GeneratedExample]:
    """Draw values of Student's t with three degrees of freedom, which no token explains."""
    generator = torch.Generator().manual_seed(seed)
    ones = torch.ones(count, STEPS, 1, 1)
    density = Density(torch.zeros(count, STEPS, 1), 0.5 * ones, 0.3 * ones, 3.0 * ones)
    values = density.sample(torch.rand(count, STEPS, 3, generator=generator))
    tokens = torch.zeros(count, STEPS, dtype=torch.int64)
    return [
        GeneratedExample(id=f"{seed}-{number}", inputs=tokens[number], targets=values[number])
        for number in range(count)
    ]


@pytest.mark.medium
def test_a_student_t_head_finds_how_heavy_the_tails_are(tmp_path: Path) -> None:
    """Claim (Lange et al. 1989): the likelihood finds location, scale and degrees of freedom."""
    train_set, valid_set = heavy_tails(1, 600), heavy_tails(2, 200)
    heads = {
        "student_t": DensityConfig(family="student_t", components=1),
        "gaussian": DensityConfig(family="gaussian", components=1),
    }
    results = {}
    for name, head in heads.items():
        task = DensityTask(density_model(head))
        results[name] = train_on(task, train_set, valid_set, CONFIG, tmp_path / name)
        print(f"tails, {name}: {results[name].error:.3f} nats a step")
    with torch.no_grad():
        model = results["student_t"].model
        encoded = model.encode(valid_set[0].inputs[None], torch.tensor([STEPS]))
        density = model.head("density")(encoded)[0, -1]
    found = [float(one) for one in (density.means, density.scales, density.degrees)]
    print(
        f"tails: location {found[0]:.2f}, scale {found[1]:.2f}, {found[2]:.1f} degrees of freedom"
    )

    assert results["student_t"].error < results["gaussian"].error - 0.05
    assert found[0] == pytest.approx(0.5, abs=0.05)
    assert found[1] == pytest.approx(0.3, abs=0.05)
    assert 2.3 < found[2] < 4.5


def walks(seed: int, count: int) -> list[GeneratedExample]:
    """Draw series in which each value is 0.9 of the one before, plus noise of 0.3."""
    random = np.random.default_rng(seed)
    drawn = []
    for number in range(count):
        values = [random.normal(scale=0.3 / np.sqrt(1 - 0.9**2))]
        for noise in random.normal(scale=0.3, size=29):
            values.append(0.9 * values[-1] + noise)
        series = torch.tensor(values, dtype=torch.float32)[:, None]
        drawn.append(GeneratedExample(id=f"{seed}-{number}", inputs=series, targets=series))
    return drawn


class WalkTask(GeneratedTask):
    """Predict each value from those before it; the error is in nats a step."""

    def loss(self, model: Any, batch: GeneratedBatch) -> LossSum:
        log_probs = model.log_probs(batch.targets, batch.target_lengths)
        return LossSum(-log_probs.sum(), int(batch.target_lengths.sum()))

    def errors(self, model: SequenceModel, batch: GeneratedBatch) -> Sequence[tuple[float, float]]:
        rows = model.log_probs(batch.targets, batch.target_lengths).sum(dim=1).tolist()
        return [(-row, float(len(batch.targets[0]))) for row in rows]


@pytest.mark.medium
def test_forecasts_drawn_from_a_series_decoder_spread_as_the_process_does(tmp_path: Path) -> None:
    """Claim (Salinas et al. 2020, section 3): sampled futures have the process's own quantiles.

    k steps ahead of x the process is Gaussian, with mean 0.9^k x.
    """
    train_set, valid_set = walks(1, 600), walks(2, 100)
    decoder = SeriesConfig(density=DensityConfig(components=2), dimension=8, hidden=16, layers=1)
    task = WalkTask(ModelConfig(decoder=decoder))
    trained = train_on(task, train_set, valid_set, CONFIG, tmp_path / "walks")
    first = 0.5 * np.log(2 * np.pi * np.e * 0.3**2 / (1 - 0.9**2))
    entropy = (first + 29 * 0.5 * np.log(2 * np.pi * np.e * 0.3**2)) / 30

    history = torch.full((400, 3, 1), 1.0)
    density, state = trained.model.decoder.prime(history)
    for uniform in torch.rand(5, 400, 3, generator=torch.Generator().manual_seed(0)):
        values = density.sample(uniform)
        density, state = trained.model.step(values, state)
    spread = 0.3 * np.sqrt(sum(0.9 ** (2 * step) for step in range(5)))
    print(f"walks: {trained.error:.3f} nats a step, the process {entropy:.3f}")
    print(f"walks: five steps ahead {values.mean():.2f} +- {values.std():.2f}", end=", ")
    print(f"the process {0.9**5:.2f} +- {spread:.2f}; {trained.cpu_s:.0f} s of CPU")

    assert trained.error < entropy + 0.05
    assert float(values.mean()) == pytest.approx(0.9**5, abs=0.15)
    assert float(values.std()) == pytest.approx(spread, rel=0.2)
