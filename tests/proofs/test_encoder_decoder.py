"""Copying with an encoder-decoder: reversed sources help, and attention lifts the length limit."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from generated import (
    GeneratedBatch,
    GeneratedExample,
    GeneratedTask,
    TrainResult,
    open_gate_parts,
    train_on,
)

from seqstudio.contracts.data import LossSum
from seqstudio.contracts.job import SamplingConfig, TakeSeed
from seqstudio.contracts.task import TrainConfig
from seqstudio.core.attention import AdditiveConfig, DotConfig, LocationConfig
from seqstudio.core.bridges import FinalStateConfig
from seqstudio.core.config import ModelConfig, PartConfig
from seqstudio.core.decoder import DecoderConfig
from seqstudio.core.encoder import EncoderConfig
from seqstudio.core.front_end import TokensConfig
from seqstudio.core.losses import cross_entropy_sum
from seqstudio.core.model import SequenceModel
from seqstudio.services.sampling import sample

SYMBOLS = 8
LENGTHS = (3, 6, 9, 12)


class CopyGuide:
    """Ends each row when it is as long as its source."""

    def __init__(self, lengths: Sequence[int]) -> None:
        self.lengths = lengths

    def allowed(self, row: int, tokens: Sequence[int]) -> None:
        return None

    def finished(self, row: int, tokens: Sequence[int]) -> bool:
        return len(tokens) >= self.lengths[row]


class CopyTask(GeneratedTask):
    """Repeat the input; the error is the share of wrong symbols in greedy decoding."""

    def loss(self, model: Any, batch: GeneratedBatch) -> LossSum:
        encoded = model.encode(batch.inputs, batch.input_lengths)
        logits = model.decode(batch.targets, batch.target_lengths, encoded=encoded)
        return LossSum(*cross_entropy_sum(logits, batch.targets, batch.target_lengths))

    def errors(self, model: SequenceModel, batch: GeneratedBatch) -> Sequence[tuple[float, float]]:
        encoded = model.encode(batch.inputs, batch.input_lengths)
        targets = [
            row[:length].tolist()
            for row, length in zip(batch.targets, batch.target_lengths, strict=True)
        ]
        decoded: list[list[int]] = [[] for _ in targets]
        for row, token in sample(
            model,
            [()] * len(targets),
            [TakeSeed(number, seed=0) for number in range(len(targets))],
            CopyGuide([len(row) for row in targets]),
            SamplingConfig(temperature=0),
            encoded=encoded,
        ):
            decoded[row].append(token)
        return [
            (float(sum(a != b for a, b in zip(*pair, strict=True))), float(len(pair[0])))
            for pair in zip(decoded, targets, strict=True)
        ]


def copies(seed: int, count: int, *, reverse: bool) -> list[GeneratedExample]:
    """Draw sequences to copy; with `reverse` the encoder reads them backwards."""
    random = np.random.default_rng(seed)
    drawn = []
    for number in range(count):
        symbols = torch.from_numpy(random.integers(SYMBOLS, size=random.choice(LENGTHS)))
        inputs = symbols.flip(0) if reverse else symbols
        drawn.append(GeneratedExample(id=f"{seed}-{number}", inputs=inputs, targets=symbols))
    return drawn


ATTENTIONS: dict[str, PartConfig] = {
    "additive": AdditiveConfig(dimension=48),
    "dot": DotConfig(dimension=48),
    "location": LocationConfig(dimension=48, filters=4, kernel=7),
}


def copying_model(attention: PartConfig | None) -> ModelConfig:
    return ModelConfig(
        source=TokensConfig(vocabulary=SYMBOLS, dimension=16),
        encoder=EncoderConfig(hidden=48, layers=1, bidirectional=attention is not None),
        bridge=FinalStateConfig(),
        attention=attention,
        decoder=DecoderConfig(vocabulary=SYMBOLS, dimension=16, hidden=48, layers=1),
    )


Trained = Callable[[str], TrainResult]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Return a function that trains a model once, all with the same data, budget and seeds."""
    config = TrainConfig(
        epochs=12,
        batch_size=32,
        bucket=16,
        learning_rate=0.008,
        schedule="cosine",
        weight_decay=0.0,
        clip_norm=1.0,
    )

    @cache
    def train_model(name: str) -> TrainResult:
        reverse = name == "reversed"
        return train_on(
            CopyTask(copying_model(ATTENTIONS.get(name))),
            copies(1, 3200, reverse=reverse),
            copies(2, 200, reverse=reverse),
            config,
            tmp_path_factory.mktemp(name) / "run",
            target_error=0.002,
            parts=open_gate_parts(1.0),
        )

    return train_model


def error_by_length(trained: TrainResult, *, reverse: bool) -> dict[int, float]:
    """Return the share of wrong symbols at each length, on new sequences."""
    task = CopyTask(trained.model.config)
    valid_set = copies(3, 400, reverse=reverse)
    with torch.no_grad():
        errors = task.errors(trained.model, task.collate(valid_set, task.prepare([], None), None))
    wrong: dict[int, list[float]] = {length: [] for length in LENGTHS}
    for one, (count, length) in zip(valid_set, errors, strict=True):
        wrong[len(one.targets)].append(count / length)
    return {length: float(np.mean(shares)) for length, shares in wrong.items()}


def show(name: str, one: TrainResult, errors: dict[int, float]) -> None:
    by_length = ", ".join(f"{length}: {error:.3f}" for length, error in errors.items())
    print(f"copying, {name}: wrong symbols by length {by_length}")
    print(f"copying, {name}: {one.steps} steps, {one.cpu_s:.0f} s of CPU")


@pytest.mark.medium
def test_reversing_the_source_helps(trained: Trained) -> None:
    """Claim (Sutskever et al. 2014, section 3.3): reversed sources are learned much better.

    The first symbols of source and target are then close to each other, and the optimiser soon
    finds how they depend on each other.
    """
    forward = error_by_length(trained("forward"), reverse=False)
    reverse = error_by_length(trained("reversed"), reverse=True)
    show("forward", trained("forward"), forward)
    show("reversed", trained("reversed"), reverse)

    assert trained("reversed").error < 0.85 * trained("forward").error
    assert reverse[12] < forward[12]


@pytest.mark.medium
@pytest.mark.parametrize(("kind", "limit"), [("additive", 0.05), ("dot", 0.1), ("location", 0.05)])
def test_attention_lifts_the_limit_of_length(trained: Trained, kind: str, limit: float) -> None:
    """Claim: without attention, errors grow with length (Cho et al. 2014, figure 4); with it, not.

    Bahdanau et al. 2015, figure 2: the fixed-length vector is the bottleneck.
    """
    forward = error_by_length(trained("forward"), reverse=False)
    attention = error_by_length(trained(kind), reverse=False)
    show("forward", trained("forward"), forward)
    show(f"{kind} attention", trained(kind), attention)

    assert forward[12] > forward[3] + 0.2
    assert attention[12] < limit
