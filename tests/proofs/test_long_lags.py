"""Hochreiter and Schmidhuber 1997, "Long short-term memory": bridging long time lags."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
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
    untrained_gradient_flow,
)
from torch.nn import functional

from seqstudio.contracts.data import LossSum
from seqstudio.contracts.task import TrainConfig
from seqstudio.core.cells import Cell
from seqstudio.core.config import ModelConfig
from seqstudio.core.decoder import DecoderConfig
from seqstudio.core.encoder import EncoderConfig
from seqstudio.core.front_end import FramesConfig
from seqstudio.core.gradient_flow import GradientFlow, gradient_flow_verdict
from seqstudio.core.heads import CTCConfig
from seqstudio.core.losses import cross_entropy_sum
from seqstudio.core.model import SequenceModel

STEADY = TrainConfig(
    epochs=25,
    batch_size=32,
    learning_rate=0.01,
    schedule="constant",
    warmup=0.0,
    weight_decay=0.0,
    clip_norm=1.0,
)
GIVEN_UP = dataclasses.replace(STEADY, epochs=12)  # more than any gated cell needs
GATED: tuple[Cell, ...] = ("lstm", "gru", "mingru")


class AddingTask(GeneratedTask):
    """Frames of (number, mark): after the last frame, return the sum of the two marked numbers.

    The probability of the model's second label, times two, is the answer: 0 to 2.
    """

    def answers(self, model: SequenceModel, batch: GeneratedBatch) -> torch.Tensor:
        encoded = model.encode(batch.inputs, batch.input_lengths)
        last = model.head("ctc")(encoded)[torch.arange(len(batch.ids)), encoded.lengths - 1]
        return 2 * last[:, 1].exp()

    def loss(self, model: Any, batch: GeneratedBatch) -> LossSum:
        difference = self.answers(model, batch) - batch.targets[:, 0]
        return LossSum(difference.square().sum(), len(batch.ids))

    def errors(self, model: SequenceModel, batch: GeneratedBatch) -> Sequence[tuple[float, float]]:
        difference = self.answers(model, batch) - batch.targets[:, 0]
        return [(square, 1.0) for square in difference.square().tolist()]


def sums(seed: int, count: int, frames: int) -> list[GeneratedExample]:
    """Draw numbers with two marks: one in the first ten frames, one before the middle."""
    random = np.random.default_rng(seed)
    drawn = []
    for number in range(count):
        inputs = np.zeros((frames, 2), dtype=np.float32)
        inputs[:, 0] = random.random(frames)
        marks = [random.integers(10), random.integers(10, frames // 2)]
        inputs[marks, 1] = 1.0
        total = torch.tensor([float(inputs[marks, 0].sum())])
        drawn.append(
            GeneratedExample(id=f"{seed}-{number}", inputs=torch.from_numpy(inputs), targets=total)
        )
    return drawn


def encoder_model(cell: Cell, *, features: int, labels: int, layers: int = 1) -> ModelConfig:
    return ModelConfig(
        source=FramesConfig(features=features),
        encoder=EncoderConfig(cell=cell, hidden=32, layers=layers, bidirectional=False),
        heads={"ctc": CTCConfig(vocabulary=labels)},
    )


@pytest.mark.medium
@pytest.mark.parametrize("cell", GATED)
def test_a_gated_cell_adds_numbers_far_apart(cell: Cell, tmp_path: Path) -> None:
    """Claim (section 5.4): an LSTM solves the adding problem, where earlier networks fail.

    Sequences have 50 frames, so 25 to 50 steps lie between a number and the answer. The constant
    answer 1 has a mean square error of 0.167, the variance of the sum of two numbers.
    """
    train_set, valid_set = sums(1, 4000, 50), sums(2, 300, 50)
    task = AddingTask(encoder_model(cell, features=2, labels=2))
    parts = open_gate_parts(5.0)
    trained = train_on(task, train_set, valid_set, STEADY, tmp_path, target_error=0.01, parts=parts)
    flow = untrained_gradient_flow(task, train_set[:64], seed=1, parts=parts)
    show("adding problem, 50 frames, mean square error", cell, trained, flow)

    assert trained.error < 0.02
    assert reaches(flow, 32)


@pytest.mark.medium
def test_the_tanh_rnn_does_not_add_numbers_far_apart(tmp_path: Path) -> None:
    train_set, valid_set = sums(1, 4000, 50), sums(2, 300, 50)
    task = AddingTask(encoder_model("tanh", features=2, labels=2))
    trained = train_on(task, train_set, valid_set, GIVEN_UP, tmp_path)
    flow = untrained_gradient_flow(task, train_set[:64], seed=1)
    show("adding problem, 50 frames, mean square error", "tanh", trained, flow)

    assert trained.error > 0.15
    assert gradient_flow_verdict(flow).startswith("vanishing")


class CopyTask(GeneratedTask):
    """Read symbols, wait, and repeat them, one at each of as many frames at the end."""

    def last_frames(self, model: SequenceModel, batch: GeneratedBatch) -> torch.Tensor:
        encoded = model.encode(batch.inputs, batch.input_lengths)
        last: torch.Tensor = model.head("ctc")(encoded)[:, -batch.targets.shape[1] :]
        return last

    def loss(self, model: Any, batch: GeneratedBatch) -> LossSum:
        last = self.last_frames(model, batch).flatten(0, 1)
        total = functional.nll_loss(last, batch.targets.flatten(), reduction="sum")
        return LossSum(total, batch.targets.numel())

    def errors(self, model: SequenceModel, batch: GeneratedBatch) -> Sequence[tuple[float, float]]:
        wrong = self.last_frames(model, batch).argmax(dim=2) != batch.targets
        return [(float(row.sum()), float(len(row))) for row in wrong]


def copies(seed: int, count: int, lag: int) -> list[GeneratedExample]:
    """Draw two of four symbols, one a frame; `lag` frames without one; two that ask for them."""
    symbols = torch.randint(0, 4, (count, 2), generator=torch.Generator().manual_seed(seed))
    inputs = torch.zeros(count, lag + 4, 6)
    inputs[:, :2, :4] = functional.one_hot(symbols, 4).float()
    inputs[:, -2, 4] = inputs[:, -1, 5] = 1.0
    return [
        GeneratedExample(id=f"{seed}-{number}", inputs=frames, targets=wanted)
        for number, (frames, wanted) in enumerate(zip(inputs, symbols, strict=True))
    ]


@pytest.mark.medium
@pytest.mark.parametrize("cell", GATED)
def test_a_gated_cell_copies_symbols_after_a_long_wait(cell: Cell, tmp_path: Path) -> None:
    """Claim: a gated cell stores symbols over 30 empty frames (Hochreiter and Schmidhuber, 5.2).

    Guessing is wrong three times in four. A minGRU of one layer cannot tell the first symbol from
    the second, since its gates see the present frame only, so that one has two.
    """
    layers = 2 if cell == "mingru" else 1
    task = CopyTask(encoder_model(cell, features=6, labels=4, layers=layers))
    parts = open_gate_parts(4.0)
    train_set, valid_set = copies(1, 3000, 30), copies(2, 300, 30)
    trained = train_on(task, train_set, valid_set, STEADY, tmp_path, target_error=0.01, parts=parts)
    flow = untrained_gradient_flow(task, train_set[:64], seed=1, parts=parts)
    show("copying after 30 frames, wrong symbols", cell, trained, flow)

    assert trained.error < 0.02
    assert reaches(flow, 32)


@pytest.mark.medium
def test_the_tanh_rnn_does_not_copy_symbols_after_a_long_wait(tmp_path: Path) -> None:
    task = CopyTask(encoder_model("tanh", features=6, labels=4))
    train_set, valid_set = copies(1, 3000, 30), copies(2, 300, 30)
    trained = train_on(task, train_set, valid_set, GIVEN_UP, tmp_path)
    flow = untrained_gradient_flow(task, train_set[:64], seed=1)
    show("copying after 30 frames, wrong symbols", "tanh", trained, flow)

    assert trained.error > 0.25
    assert gradient_flow_verdict(flow).startswith("vanishing")


class ReberTask(GeneratedTask):
    """Predict each symbol of an embedded Reber string; the error is that of the last but one."""

    def loss(self, model: Any, batch: GeneratedBatch) -> LossSum:
        logits = model.decode(batch.targets, batch.target_lengths)
        return LossSum(*cross_entropy_sum(logits, batch.targets, batch.target_lengths))

    def errors(self, model: SequenceModel, batch: GeneratedBatch) -> Sequence[tuple[float, float]]:
        guesses = model.decode(batch.targets, batch.target_lengths).argmax(dim=-1)
        rows, last = torch.arange(len(batch.ids)), batch.target_lengths - 2
        wrong = guesses[rows, last] != batch.targets[rows, last]
        return [(float(one), 1.0) for one in wrong]


SYMBOLS = "BTPSXVE"
MOVES: dict[int, tuple[tuple[str, int], tuple[str, int]]] = {  # the second makes the string longer
    1: (("T", 2), ("P", 3)),
    2: (("X", 4), ("S", 2)),
    3: (("V", 5), ("T", 3)),
    4: (("S", 6), ("X", 3)),
    5: (("V", 6), ("P", 4)),
}
LONGER = 0.8  # probability of the longer way


def reber_string(random: np.random.Generator) -> str:
    """Walk the Reber grammar from B to E."""
    symbols, state = "B", 1
    while state != 6:
        longer = random.random() < (0.5 if state == 1 else LONGER)
        symbol, state = MOVES[state][longer]
        symbols += symbol
    return symbols + "E"


def embedded(seed: int, count: int, lag: int) -> list[GeneratedExample]:
    """Draw B, T or P, a Reber string of `lag` to twice `lag` symbols, T or P as before, E."""
    random = np.random.default_rng(seed)
    drawn: list[GeneratedExample] = []
    while len(drawn) < count:
        inner, outer = reber_string(random), "TP"[random.integers(2)]
        if lag <= len(inner) <= 2 * lag:
            symbols = torch.tensor([SYMBOLS.index(one) for one in f"B{outer}{inner}{outer}E"])
            drawn.append(
                GeneratedExample(id=f"{seed}-{len(drawn)}", inputs=symbols, targets=symbols)
            )
    return drawn


def reber_model(cell: Cell, layers: int = 1) -> ModelConfig:
    return ModelConfig(
        decoder=DecoderConfig(vocabulary=7, dimension=8, cell=cell, hidden=32, layers=layers)
    )


@pytest.mark.medium
@pytest.mark.parametrize("cell", GATED)
def test_a_gated_cell_learns_the_embedded_reber_grammar(cell: Cell, tmp_path: Path) -> None:
    """Claim (section 5.1, at a longer lag): only a gated cell recalls the second symbol at the end.

    Longer ways are likelier, so that 15 to 30 symbols lie in between. Guessing is wrong half of
    the time. A minGRU needs a second layer to know which symbol is the second one.
    """
    train_set, valid_set = embedded(1, 3000, 15), embedded(2, 400, 15)
    task = ReberTask(reber_model(cell, layers=2 if cell == "mingru" else 1))
    parts = open_gate_parts(3.0 if cell == "mingru" else 5.0)
    trained = train_on(task, train_set, valid_set, STEADY, tmp_path, target_error=0.01, parts=parts)
    flow = untrained_gradient_flow(task, train_set[:64], seed=1, parts=parts)
    show("embedded Reber grammar, lag 15, wrong at the end", cell, trained, flow)

    assert trained.error < 0.02
    assert reaches(flow, 16)


@pytest.mark.medium
def test_the_tanh_rnn_guesses_the_end_of_the_embedded_reber_grammar(tmp_path: Path) -> None:
    train_set, valid_set = embedded(1, 3000, 15), embedded(2, 400, 15)
    task = ReberTask(reber_model("tanh"))
    trained = train_on(task, train_set, valid_set, GIVEN_UP, tmp_path)
    flow = untrained_gradient_flow(task, train_set[:64], seed=1)
    show("embedded Reber grammar, lag 15, wrong at the end", "tanh", trained, flow)

    assert trained.error > 0.4
    assert gradient_flow_verdict(flow).startswith("vanishing")


def reaches(flow: GradientFlow, steps: int) -> bool:
    """Return whether every recurrent layer learns from so many steps back."""
    return all(lag is None or lag >= steps for lag in map(flow.reach, flow.by_lag))


def show(title: str, cell: str, trained: TrainResult, flow: GradientFlow) -> None:
    after = f"after {trained.steps} steps, {trained.cpu_s:.0f} s of CPU"
    print(f"{title}: {cell} {trained.error:.3f} {after}; {gradient_flow_verdict(flow)}")
