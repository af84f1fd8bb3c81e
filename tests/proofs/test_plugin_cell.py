"""A cell that a plugin brings: trained, encoded in blocks and sampled, by what the api offers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from generated import GeneratedBatch, GeneratedExample, GeneratedTask, train_on
from torch import Tensor, nn
from torch.testing import assert_close

from seqstudio.api import LossSum, PartSpec, TrainConfig
from seqstudio.api.nn import (
    BuildContext,
    CTCConfig,
    Decoder,
    DecoderConfig,
    Encoder,
    EncoderConfig,
    FramesConfig,
    ModelConfig,
    RecurrentCell,
    SequenceModel,
    build,
    cross_entropy_sum,
    gradient_flow,
    with_plugin_parts,
)

TRAINING = TrainConfig(epochs=8, batch_size=32, learning_rate=0.02, schedule="constant", warmup=0.0)


class LoopedLayer(nn.Module):
    """A layer that runs its cell step by step."""

    def __init__(self, cell: RecurrentCell, width: int, hidden: int) -> None:
        super().__init__()
        self.cell, self.hidden = cell, hidden
        self.weight_ih_l0 = nn.Parameter(torch.randn(2 * hidden, width) / width**0.5)
        self.weight_hh_l0 = nn.Parameter(torch.randn(2 * hidden, hidden) / hidden**0.5)
        self.bias_ih_l0 = nn.Parameter(torch.zeros(2 * hidden))
        self.bias_hh_l0 = nn.Parameter(torch.zeros(2 * hidden))

    def forward(self, frames: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        now = frames.new_zeros(len(frames), self.hidden) if state is None else state[0]
        outputs = []
        for gates in nn.functional.linear(frames, self.weight_ih_l0, self.bias_ih_l0).unbind(1):
            own = nn.functional.linear(now, self.weight_hh_l0, self.bias_hh_l0)
            now = self.cell.step(gates, own, now)
            outputs.append(now)
        return torch.stack(outputs, dim=1), now[None]


class MinimalGatedUnit(RecurrentCell):
    """One gate, forget (Zhou et al. 2016, "Minimal gated unit"), applied as a GRU's in torch."""

    gates, recurrent_gates = 2, 2

    def layer(self, width: int, hidden: int) -> nn.Module:
        return LoopedLayer(self, width, hidden)

    def step(self, input_gates: Tensor, recurrent_gates: Tensor, state: Tensor) -> Tensor:
        forget_in, candidate_in = input_gates.chunk(2, dim=1)
        forget_own, candidate_own = recurrent_gates.chunk(2, dim=1)
        forget = torch.sigmoid(forget_in + forget_own)
        return torch.lerp(state, torch.tanh(candidate_in + forget * candidate_own), forget)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitEncoderConfig:
    part: ClassVar[str] = "minimal.encoder"
    hidden: int = 16
    bidirectional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitDecoderConfig:
    part: ClassVar[str] = "minimal.decoder"
    vocabulary: int
    hidden: int = 16


def build_encoder(config: UnitEncoderConfig, context: BuildContext) -> nn.Module:
    shape = EncoderConfig(hidden=config.hidden, layers=2, bidirectional=config.bidirectional)
    return Encoder(shape, context.source.width, cell=MinimalGatedUnit())


def build_decoder(config: UnitDecoderConfig, context: BuildContext) -> nn.Module:
    shape = DecoderConfig(vocabulary=config.vocabulary, hidden=config.hidden, layers=1)
    return Decoder(shape, None, cell=MinimalGatedUnit())


PARTS = with_plugin_parts(
    [
        PartSpec(UnitEncoderConfig.part, UnitEncoderConfig, build_encoder),
        PartSpec(UnitDecoderConfig.part, UnitDecoderConfig, build_decoder),
    ]
)
ENCODER = ModelConfig(
    source=FramesConfig(features=1),
    encoder=UnitEncoderConfig(),
    heads={"ctc": CTCConfig(vocabulary=2)},
)
DECODER = ModelConfig(decoder=UnitDecoderConfig(vocabulary=4))


class FirstSignTask(GeneratedTask):
    """After the last frame, say whether the first one was positive."""

    def log_probs(self, model: SequenceModel, batch: GeneratedBatch) -> Tensor:
        encoded = model.encode(batch.inputs, batch.input_lengths)
        rows = torch.arange(len(batch.ids))
        last: Tensor = model.head("ctc")(encoded)[rows, encoded.lengths - 1]
        return last

    def loss(self, model: Any, batch: GeneratedBatch) -> LossSum:
        loss = nn.functional.nll_loss(
            self.log_probs(model, batch), batch.targets[:, 0], reduction="sum"
        )
        return LossSum(loss, len(batch.ids))

    def errors(self, model: SequenceModel, batch: GeneratedBatch) -> Sequence[tuple[float, float]]:
        wrong = self.log_probs(model, batch).argmax(dim=1) != batch.targets[:, 0]
        return [(float(one), 1.0) for one in wrong]


class CountingTask(GeneratedTask):
    """Predict tokens that count up and start again at 0: 2, 3, 0, 1, 2."""

    def loss(self, model: Any, batch: GeneratedBatch) -> LossSum:
        logits = model.decode(batch.targets, batch.target_lengths)
        return LossSum(*cross_entropy_sum(logits, batch.targets, batch.target_lengths))

    def errors(self, model: SequenceModel, batch: GeneratedBatch) -> Sequence[tuple[float, float]]:
        guesses = model.decode(batch.targets, batch.target_lengths).argmax(dim=-1)
        wrong = (guesses != batch.targets)[:, 1:].float()
        return [(float(row.sum()), float(row.numel())) for row in wrong]


def signs(seed: int, count: int) -> list[GeneratedExample]:
    generator = torch.Generator().manual_seed(seed)
    frames = torch.randn(count, 8, 1, generator=generator)
    return [
        GeneratedExample(
            id=f"{seed}-{number}", inputs=one[: 4 + number % 5], targets=(one[0] > 0).long()
        )
        for number, one in enumerate(frames)
    ]


def counts(count: int) -> list[GeneratedExample]:
    rows = (torch.arange(9) + torch.arange(count)[:, None]) % 4
    return [GeneratedExample(id=str(n), inputs=row, targets=row) for n, row in enumerate(rows)]


@pytest.mark.medium
def test_an_encoder_of_a_plugins_cell_learns_and_runs_in_blocks(tmp_path: Path) -> None:
    task = FirstSignTask(ENCODER)
    result = train_on(
        task, signs(1, 600), signs(2, 100), TRAINING, tmp_path, target_error=0.02, parts=PARTS
    )
    model, inputs = result.model, torch.randn(2, 11, 1)
    with torch.no_grad():
        whole = model.encode(inputs, torch.tensor([11, 11])).output
        first, state = model.encode_block(inputs[:, :4], model.start_encoding(2))
        rest, _ = model.encode_block(inputs[:, 4:], state, last=True)

    assert result.error <= 0.02
    assert_close(torch.cat([first.output, rest.output], dim=1), whole, atol=1e-6, rtol=0)


@pytest.mark.medium
def test_a_decoder_of_a_plugins_cell_learns_and_is_sampled(tmp_path: Path) -> None:
    result = train_on(CountingTask(DECODER), counts(64), counts(4), TRAINING, tmp_path, parts=PARTS)
    model = result.model
    _, state = model.start(1)
    found = [2]
    for _ in range(6):
        logits, state = model.step(torch.tensor([found[-1]]), state)
        found.append(int(logits.argmax()))

    assert result.error == 0.0
    assert found == [2, 3, 0, 1, 2, 3, 0]


def test_steps_of_a_plugins_cell_equal_the_whole_sequence() -> None:
    model = build(DECODER, PARTS)
    tokens = torch.tensor([[1, 3, 0, 2]])
    whole = model.decode(tokens, torch.tensor([4]))
    logits, state = model.start(1)
    found = [logits]
    for token in tokens[0, :-1]:
        logits, state = model.step(token[None], state)
        found.append(logits)

    assert_close(torch.cat(found), whole[0], atol=1e-5, rtol=0)


def test_the_gradient_flow_sees_a_plugins_cell_in_both_directions() -> None:
    config = ModelConfig(
        source=FramesConfig(features=1),
        encoder=UnitEncoderConfig(bidirectional=True),
        heads={"ctc": CTCConfig(vocabulary=2)},
    )
    model, task = build(config, PARTS), FirstSignTask(config)
    batch = task.collate(signs(1, 6), task.prepare([], None), None)
    flow = gradient_flow(model, lambda: task.loss(model, batch).total)

    assert len(flow.by_lag) == 4
    assert all(norm > 0 for norms in flow.by_lag.values() for norm in norms[:1])
