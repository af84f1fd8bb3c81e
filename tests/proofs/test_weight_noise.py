"""Graves et al. 2013: noise on the weights keeps a network from learning few examples by heart."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from generated import GeneratedBatch, GeneratedExample, GeneratedTask, train_on

from seqstudio.contracts.data import LossSum
from seqstudio.contracts.task import TrainConfig
from seqstudio.core.config import ModelConfig
from seqstudio.core.decoder import DecoderConfig
from seqstudio.core.losses import cross_entropy_sum
from seqstudio.core.model import SequenceModel

LONG = TrainConfig(
    epochs=40,
    batch_size=10,
    learning_rate=0.01,
    schedule="constant",
    warmup=0.0,
    weight_decay=0.0,
    evaluate_every=40,  # only the last weights count here
)
MODEL = ModelConfig(decoder=DecoderConfig(vocabulary=6, dimension=16, hidden=64, layers=1))


class ChainTask(GeneratedTask):
    """Predict the symbols of a Markov chain; the error is the cross entropy in nats."""

    def loss(self, model: Any, batch: GeneratedBatch) -> LossSum:
        logits = model.decode(batch.targets, batch.target_lengths)
        return LossSum(*cross_entropy_sum(logits, batch.targets, batch.target_lengths))

    def errors(self, model: SequenceModel, batch: GeneratedBatch) -> Sequence[tuple[float, float]]:
        nats = -model.log_probs(batch.targets, batch.target_lengths)
        return [(float(row.sum()), float(row.numel())) for row in nats]


def chains(seed: int, count: int) -> list[GeneratedExample]:
    """Draw chains of 20 symbols: the next one is one more with probability 0.6, else any."""
    generator = torch.Generator().manual_seed(seed)
    symbols = torch.randint(0, 6, (count, 20), generator=generator)
    follows = torch.rand(count, 20, generator=generator) < 0.6
    for step in range(1, 20):
        after = (symbols[:, step - 1] + 1) % 6
        symbols[:, step] = torch.where(follows[:, step], after, symbols[:, step])
    return [
        GeneratedExample(id=f"{seed}-{number}", inputs=row, targets=row)
        for number, row in enumerate(symbols)
    ]


def nats(task: ChainTask, model: SequenceModel, examples: Sequence[GeneratedExample]) -> float:
    """Return the cross entropy of a symbol, in nats."""
    batch = task.collate(examples, task.prepare(examples, None), None)
    with torch.no_grad():
        sums = task.errors(model, batch)
    return sum(total for total, _ in sums) / sum(count for _, count in sums)


@pytest.mark.medium
def test_weight_noise_narrows_the_gap_between_train_and_valid(tmp_path: Path) -> None:
    """Claim (section 2 of Graves et al. 2013): it regularises by simplifying the network."""
    train_set, valid_set = chains(1, 40), chains(2, 200)
    task, gaps, valid = ChainTask(MODEL), {}, {}
    for deviation in (0.0, 0.2):
        config = dataclasses.replace(LONG, weight_noise=deviation)
        trained = train_on(task, train_set, valid_set, config, tmp_path / str(deviation))
        valid[deviation] = trained.error
        gaps[deviation] = trained.error - nats(task, trained.model, train_set)
        print(
            f"weight noise {deviation}: valid {trained.error:.3f} nats, gap {gaps[deviation]:.3f}, "
            f"{trained.cpu_s:.0f} s of CPU"
        )

    assert gaps[0.2] < 0.25 * gaps[0.0]
    assert valid[0.2] < 0.75 * valid[0.0]
