"""Copying by encoder-decoder: what helps, and what lifts the limit of length."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from generated import Drawn, DrawnBatch, GeneratedTask, Trained, remembering_parts, train_on

from seqstudio.contracts.data import LossSum
from seqstudio.contracts.job import SamplingConfig, TakeSeed
from seqstudio.contracts.task import TrainConfig
from seqstudio.core.config import (
    AttentionConfig,
    BridgeConfig,
    DecoderConfig,
    EncoderConfig,
    ModelConfig,
    TokensConfig,
)
from seqstudio.core.losses import cross_entropy_sum
from seqstudio.core.model import SequenceModel
from seqstudio.services.sampling import sample

SYMBOLS = 8
LENGTHS = (3, 6, 9, 12)


class Copied:
    """Ends each row when it is as long as what is to be copied."""

    def __init__(self, lengths: Sequence[int]) -> None:
        self.lengths = lengths

    def allowed(self, take: int, tokens: Sequence[int]) -> None:
        return None

    def finished(self, take: int, tokens: Sequence[int]) -> bool:
        return len(tokens) >= self.lengths[take]


class CopyTask(GeneratedTask):
    """Say again what was given; the error is the share of wrong symbols, decoded greedily."""

    def loss(self, model: Any, batch: DrawnBatch) -> LossSum:
        encoded = model.encode(batch.given, batch.given_lengths)
        logits = model.decode(batch.wanted, batch.wanted_lengths, encoded=encoded)
        return LossSum(*cross_entropy_sum(logits, batch.wanted, batch.wanted_lengths))

    def errors(self, model: SequenceModel, batch: DrawnBatch) -> Sequence[tuple[float, float]]:
        encoded = model.encode(batch.given, batch.given_lengths)
        wanted = [
            row[:length].tolist()
            for row, length in zip(batch.wanted, batch.wanted_lengths, strict=True)
        ]
        said: list[list[int]] = [[] for _ in wanted]
        for row, token in sample(
            model,
            [()] * len(wanted),
            [TakeSeed(number, seed=0) for number in range(len(wanted))],
            Copied([len(row) for row in wanted]),
            SamplingConfig(temperature=0),
            encoded=encoded,
        ):
            said[row].append(token)
        return [
            (float(sum(a != b for a, b in zip(*pair, strict=True))), float(len(pair[0])))
            for pair in zip(said, wanted, strict=True)
        ]


def copies(seed: int, count: int, *, reverse: bool) -> list[Drawn]:
    """Draw symbols to be copied; `reverse` gives them to the encoder from the last to the first."""
    random = np.random.default_rng(seed)
    drawn = []
    for number in range(count):
        symbols = torch.from_numpy(random.integers(SYMBOLS, size=random.choice(LENGTHS)))
        given = symbols.flip(0) if reverse else symbols
        drawn.append(Drawn(id=f"{seed}-{number}", given=given, wanted=symbols))
    return drawn


def copying_model(*, attention: bool) -> ModelConfig:
    return ModelConfig(
        source=TokensConfig(vocabulary=SYMBOLS, dimension=16),
        encoder=EncoderConfig(hidden=48, layers=1, bidirectional=attention),
        bridge=BridgeConfig(),
        attention=AttentionConfig(dimension=48) if attention else None,
        decoder=DecoderConfig(vocabulary=SYMBOLS, dimension=16, hidden=48, layers=1),
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Trained]:
    """The three models, with equal data, budget and seeds."""
    config = TrainConfig(
        epochs=12,
        batch_size=32,
        bucket=16,
        learning_rate=0.008,
        schedule="cosine",
        weight_decay=0.0,
        clip_norm=1.0,
    )
    made = {}
    for name, reverse, attention in (
        ("forward", False, False),
        ("reversed", True, False),
        ("attention", False, True),
    ):
        made[name] = train_on(
            CopyTask(copying_model(attention=attention)),
            copies(1, 3200, reverse=reverse),
            copies(2, 200, reverse=reverse),
            config,
            tmp_path_factory.mktemp(name) / "run",
            enough=0.002,
            parts=remembering_parts(1.0),
        )
    return made


def error_by_length(trained: Trained, *, reverse: bool) -> dict[int, float]:
    """Measure the share of wrong symbols at each length, on unseen symbols."""
    task = CopyTask(trained.model.config)
    unseen = copies(3, 400, reverse=reverse)
    with torch.no_grad():
        errors = task.errors(trained.model, task.collate(unseen, task.prepare([], None), None))
    wrong: dict[int, list[float]] = {length: [] for length in LENGTHS}
    for one, (count, length) in zip(unseen, errors, strict=True):
        wrong[len(one.wanted)].append(count / length)
    return {length: float(np.mean(shares)) for length, shares in wrong.items()}


def show(name: str, one: Trained, errors: dict[int, float]) -> None:
    by_length = ", ".join(f"{length}: {error:.3f}" for length, error in errors.items())
    print(f"copying, {name}: wrong symbols by length {by_length}")
    print(f"copying, {name}: {one.steps} steps, {one.cpu_s:.0f} s of CPU")


@pytest.mark.medium
def test_reversing_the_source_helps(trained: dict[str, Trained]) -> None:
    """Claim (Sutskever et al. 2014, section 3.3): reversed sources are learned much better.

    Then the first symbols of source and target are near each other, and the optimiser soon finds
    how they depend.
    """
    forward = error_by_length(trained["forward"], reverse=False)
    reverse = error_by_length(trained["reversed"], reverse=True)
    show("forward", trained["forward"], forward)
    show("reversed", trained["reversed"], reverse)

    assert trained["reversed"].error < 0.85 * trained["forward"].error
    assert reverse[12] < forward[12]


@pytest.mark.medium
def test_attention_lifts_the_limit_of_length(trained: dict[str, Trained]) -> None:
    """Claim: without attention, errors grow with length (Cho et al. 2014, figure 4); with it, not.

    Bahdanau et al. 2015, figure 2: the fixed-length vector is the bottleneck.
    """
    forward = error_by_length(trained["forward"], reverse=False)
    attention = error_by_length(trained["attention"], reverse=False)
    show("forward", trained["forward"], forward)
    show("attention", trained["attention"], attention)

    assert forward[12] > forward[3] + 0.2
    assert attention[12] < 0.05
