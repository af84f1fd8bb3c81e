"""Repeating what stood long before: look-back, and attention to a decoder's own past."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from generated import GeneratedBatch, GeneratedExample, GeneratedTask, TrainResult, train_on

from seqstudio.contracts.data import LossSum
from seqstudio.contracts.task import TrainConfig
from seqstudio.core.attention import DotConfig
from seqstudio.core.config import ModelConfig, PartConfig
from seqstudio.core.decoder import DecoderConfig
from seqstudio.core.losses import cross_entropy_sum
from seqstudio.core.model import SequenceModel
from seqstudio.core.past_features import LookBackConfig

SYMBOLS = 8
OPEN, CLOSE = SYMBOLS, SYMBOLS + 1  # around a segment; the first again where it is repeated
PERIOD, SEGMENT, GAP = 16, 5, 24


class RepetitionTask(GeneratedTask):
    """Predict the symbols that repeat earlier ones; the error is the share of wrong guesses."""

    def __init__(self, config: ModelConfig, repeated: slice) -> None:
        super().__init__(config)
        self.repeated = repeated

    def loss(self, model: Any, batch: GeneratedBatch) -> LossSum:
        logits = model.decode(batch.targets, batch.target_lengths)[:, self.repeated]
        targets = batch.targets[:, self.repeated]
        lengths = torch.full((len(targets),), targets.shape[1])
        return LossSum(*cross_entropy_sum(logits, targets, lengths))

    def errors(self, model: SequenceModel, batch: GeneratedBatch) -> Sequence[tuple[float, float]]:
        guesses = model.decode(batch.targets, batch.target_lengths).argmax(dim=-1)
        wrong = (guesses != batch.targets)[:, self.repeated].float()
        return [(float(row.sum()), float(len(row))) for row in wrong]


def examples(sequences: Sequence[np.ndarray], seed: int) -> list[GeneratedExample]:
    drawn = (torch.from_numpy(one) for one in sequences)
    return [
        GeneratedExample(id=f"{seed}-{number}", inputs=one, targets=one)
        for number, one in enumerate(drawn)
    ]


def periodic(seed: int, count: int) -> list[GeneratedExample]:
    """Draw sequences of four equal periods."""
    random = np.random.default_rng(seed)
    return examples([np.tile(random.integers(SYMBOLS, size=PERIOD), 4) for _ in range(count)], seed)


def quoted(seed: int, count: int) -> list[GeneratedExample]:
    """Draw OPEN, a segment, CLOSE, random symbols, OPEN, the segment again."""
    random = np.random.default_rng(seed)
    sequences = []
    for _ in range(count):
        segment, others = random.integers(SYMBOLS, size=SEGMENT), random.integers(SYMBOLS, size=GAP)
        sequences.append(np.concatenate([[OPEN], segment, [CLOSE], others, [OPEN], segment]))
    return examples(sequences, seed)


def small_model(vocabulary: int, **fields: Any) -> ModelConfig:
    return ModelConfig(
        decoder=DecoderConfig(vocabulary=vocabulary, dimension=16, hidden=32, layers=1, **fields)
    )


def show(title: str, trained: dict[str, TrainResult]) -> None:
    for name, one in trained.items():
        print(f"{title}: {name} {one.error:.3f} after {one.steps} steps, {one.cpu_s:.0f} s of CPU")


@pytest.mark.medium
def test_look_back_learns_a_period_that_an_lstm_alone_does_not(tmp_path: Path) -> None:
    """Claim (Waite 2016): a network that sees what stood a period before learns to repeat it.

    The same network without look-back still guesses after as many steps; chance is 7 of 8 wrong.
    """
    config = TrainConfig(epochs=4, batch_size=16, learning_rate=0.01, weight_decay=0.0)
    train_set, valid_set = periodic(1, 1200), periodic(2, 100)
    past: dict[str, tuple[PartConfig, ...]] = {
        "alone": (),
        "with look-back": (LookBackConfig(lags=(1, PERIOD)),),
    }
    trained = {
        name: train_on(
            RepetitionTask(small_model(SYMBOLS, past=parts), slice(PERIOD, None)),
            train_set,
            valid_set,
            config,
            tmp_path / name,
        )
        for name, parts in past.items()
    }
    show("period 16, wrong symbols", trained)

    assert trained["alone"].error > 0.6
    assert trained["with look-back"].error < 0.01


@pytest.mark.medium
def test_attention_to_its_own_past_copies_a_segment_seen_long_before(tmp_path: Path) -> None:
    """Claim (Cheng et al. 2016): attention to earlier outputs lifts the limit of the state."""
    config = TrainConfig(epochs=12, batch_size=32, learning_rate=0.008, weight_decay=0.0)
    train_set, valid_set = quoted(1, 1600), quoted(2, 200)
    attention: dict[str, PartConfig | None] = {"alone": None, "attending": DotConfig(dimension=32)}
    trained = {
        name: train_on(
            RepetitionTask(small_model(SYMBOLS + 2, past_attention=part), slice(-SEGMENT, None)),
            train_set,
            valid_set,
            config,
            tmp_path / name,
            target_error=0.01,
        )
        for name, part in attention.items()
    }
    show("segment repeated after 24 symbols, wrong symbols", trained)

    tokens = torch.stack([one.targets for one in valid_set])
    weights = trained["attending"].model.attention_weights(tokens).past
    assert weights is not None
    repeated = torch.arange(SEGMENT) + tokens.shape[1] - SEGMENT
    seen = torch.arange(SEGMENT) + 2  # the output just after each symbol of the segment
    share = float(weights[:, repeated, seen].mean())
    print(f"segment repeated after 24 symbols: {share:.2f} of the attention where it stood")

    assert trained["alone"].error > 0.8
    assert trained["attending"].error < 0.02
    assert share > 0.5
