"""Hochreiter and Schmidhuber 1997, "Long short-term memory": bridging long time lags."""

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


def adding_model(cell: Cell) -> ModelConfig:
    return ModelConfig(
        source=FramesConfig(features=2),
        encoder=EncoderConfig(cell=cell, hidden=32, layers=1, bidirectional=False),
        heads={"ctc": CTCConfig(vocabulary=2)},
    )


@pytest.mark.medium
def test_the_lstm_adds_numbers_far_apart_and_the_tanh_rnn_does_not(tmp_path: Path) -> None:
    """Claim (section 5.4): an LSTM solves the adding problem, where earlier networks fail.

    Sequences have 50 frames, so 25 to 50 steps lie between a number and the answer. The constant
    answer 1 has a mean square error of 0.167, the variance of the sum of two numbers.
    """
    train_set, valid_set = sums(1, 4000, 50), sums(2, 300, 50)
    lstm_task, tanh_task = AddingTask(adding_model("lstm")), AddingTask(adding_model("tanh"))
    parts = open_gate_parts(4.0)
    lstm = train_on(
        lstm_task, train_set, valid_set, STEADY, tmp_path / "lstm", target_error=0.01, parts=parts
    )
    tanh = train_on(tanh_task, train_set, valid_set, STEADY, tmp_path / "tanh")
    flows = {
        "LSTM": untrained_gradient_flow(lstm_task, train_set[:64], seed=1, parts=parts),
        "tanh": untrained_gradient_flow(tanh_task, train_set[:64], seed=1),
    }
    show("adding problem, 50 frames, mean square error", {"LSTM": lstm, "tanh": tanh}, flows)

    assert lstm.error < 0.02
    assert tanh.error > 0.15
    assert reaches(flows["LSTM"], 32)
    assert gradient_flow_verdict(flows["tanh"]).startswith("vanishing")


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


def reber_model(cell: Cell) -> ModelConfig:
    return ModelConfig(
        decoder=DecoderConfig(vocabulary=7, dimension=8, cell=cell, hidden=32, layers=1)
    )


@pytest.mark.medium
def test_the_lstm_learns_the_embedded_reber_grammar_and_the_tanh_rnn_guesses(
    tmp_path: Path,
) -> None:
    """Claim (section 5.1, at a longer lag): only the LSTM recalls the second symbol at the end.

    Longer ways are likelier, so that 15 to 30 symbols lie in between. Guessing is wrong half of
    the time.
    """
    train_set, valid_set = embedded(1, 3000, 15), embedded(2, 400, 15)
    lstm_task, tanh_task = ReberTask(reber_model("lstm")), ReberTask(reber_model("tanh"))
    parts = open_gate_parts(3.0)
    lstm = train_on(
        lstm_task, train_set, valid_set, STEADY, tmp_path / "lstm", target_error=0.01, parts=parts
    )
    tanh = train_on(tanh_task, train_set, valid_set, STEADY, tmp_path / "tanh")
    flows = {
        "LSTM": untrained_gradient_flow(lstm_task, train_set[:64], seed=1, parts=parts),
        "tanh": untrained_gradient_flow(tanh_task, train_set[:64], seed=1),
    }
    show("embedded Reber grammar, lag 15, wrong at the end", {"LSTM": lstm, "tanh": tanh}, flows)

    assert lstm.error < 0.02
    assert tanh.error > 0.4
    assert reaches(flows["LSTM"], 16)
    assert gradient_flow_verdict(flows["tanh"]).startswith("vanishing")


def reaches(flow: GradientFlow, steps: int) -> bool:
    """Return whether every recurrent layer learns from so many steps back."""
    return all(lag is None or lag >= steps for lag in map(flow.reach, flow.by_lag))


def show(title: str, trained: dict[str, TrainResult], flows: dict[str, GradientFlow]) -> None:
    for name, one in trained.items():
        print(f"{title}: {name} {one.error:.3f} after {one.steps} steps, {one.cpu_s:.0f} s of CPU")
        print(f"  {name}, {gradient_flow_verdict(flows[name])}")
