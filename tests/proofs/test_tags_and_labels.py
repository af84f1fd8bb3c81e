"""Graves 2012, "Supervised sequence labelling": a label for each step, and one for the sequence."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from generated import GeneratedBatch, GeneratedExample, GeneratedTask, train_on

from seqstudio.contracts.data import LossSum
from seqstudio.contracts.task import TrainConfig
from seqstudio.core.config import ModelConfig
from seqstudio.core.encoder import EncoderConfig
from seqstudio.core.front_end import TokensConfig
from seqstudio.core.heads import LabelConfig, TagConfig
from seqstudio.core.model import SequenceModel

OPENING, CLOSING, OTHER = range(3)
DEEPEST = 4
POOLINGS = ("mean", "max", "last", "attentive")


def brackets(seed: int, count: int) -> list[GeneratedExample]:
    """Draw 8 to 16 signs, never closing what is not open, never more than four deep.

    The targets are the depth after each sign, then whether all brackets are closed.
    """
    random = np.random.default_rng(seed)
    drawn = []
    for number in range(count):
        signs, depths, depth = [], [], 0
        for _ in range(random.integers(8, 17)):
            choices = [OTHER] + [OPENING] * (depth < DEEPEST) + [CLOSING] * 2 * (depth > 0)
            signs.append(int(random.choice(choices)))
            depth += {OPENING: 1, CLOSING: -1, OTHER: 0}[signs[-1]]
            depths.append(depth)
        targets = torch.tensor([*depths, int(depth == 0)])
        drawn.append(
            GeneratedExample(id=f"{seed}-{number}", inputs=torch.tensor(signs), targets=targets)
        )
    return drawn


class BracketTask(GeneratedTask):
    """Tag each sign with its depth, and label the sequence as closed or not, with one encoder."""

    def loss(self, model: Any, batch: GeneratedBatch) -> LossSum:
        encoded = model.encode(batch.inputs, batch.input_lengths)
        depths = batch.targets[:, :-1]
        closed = batch.targets.gather(1, batch.input_lengths[:, None])
        one_each = torch.ones_like(batch.input_lengths)
        tags, count = model.head_loss("depth", encoded, depths, batch.input_lengths)
        labels, items = model.head_loss("closed", encoded, closed, one_each)
        return LossSum(tags + labels * count / items, count)  # a mean of each, weighed alike

    def errors(self, model: SequenceModel, batch: GeneratedBatch) -> Sequence[tuple[float, float]]:
        return [
            (float(tags + label), float(count + 1)) for tags, label, count in wrong(model, batch)
        ]


def wrong(model: SequenceModel, batch: GeneratedBatch) -> list[tuple[int, int, int]]:
    """Return the wrong tags, whether the label is wrong, and the number of tags of each item."""
    encoded = model.encode(batch.inputs, batch.input_lengths)
    depths, closed = model.head("depth")(encoded).argmax(-1), model.head("closed")(encoded)
    rows = zip(batch.targets, depths, closed.argmax(-1), batch.input_lengths.tolist(), strict=True)
    return [
        (int((tags[:n] != row[:n]).sum()), int(label != row[n]), n) for row, tags, label, n in rows
    ]


@pytest.mark.medium
@pytest.mark.parametrize("pooling", POOLINGS)
def test_one_encoder_learns_tags_and_labels(pooling: str, tmp_path: Path) -> None:
    """Claim (chapter 2): both kinds of labelling are learned from the same recurrent states."""
    label = LabelConfig(vocabulary=2, pooling=pooling, dimension=16)  # type: ignore[arg-type]
    model = ModelConfig(
        source=TokensConfig(vocabulary=3, dimension=8),
        encoder=EncoderConfig(hidden=24, layers=1),
        heads={"depth": TagConfig(vocabulary=DEEPEST + 1), "closed": label},
    )
    config = TrainConfig(
        epochs=12, batch_size=32, learning_rate=0.02, weight_decay=0.0, evaluate_every=4
    )
    task, valid_set = BracketTask(model), brackets(2, 200)
    trained = train_on(task, brackets(1, 800), valid_set, config, tmp_path, target_error=0.01)
    with torch.no_grad():
        found = wrong(trained.model, task.collate(valid_set, task.prepare([], None), None))
    tags, labels, count = (sum(column) for column in zip(*found, strict=True))
    print(f"brackets, {pooling}: {tags / count:.3f} of the tags wrong", end=", ")
    print(f"{labels / len(found):.3f} of the labels; {trained.cpu_s:.0f} s of CPU")

    assert tags / count < 0.02
    assert labels / len(found) < 0.05
