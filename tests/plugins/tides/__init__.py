"""A test plugin with a head of its own and a decoder of series: it forecasts levels of the sea."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from seqstudio.api import (
    Batch,
    Draws,
    Example,
    Job,
    Ledger,
    LoadedModel,
    LossSum,
    Measurement,
    Operation,
    PartSpec,
    Preparation,
    Preset,
    PreviewResult,
    Request,
    Result,
    Task,
    TrainConfig,
    hookimpl,
)
from seqstudio.api.nn import (
    BuildContext,
    DensityConfig,
    Encoded,
    EncoderConfig,
    FinalStateConfig,
    FramesConfig,
    ModelConfig,
    SeriesConfig,
    TagConfig,
)

STEPS = 6  # of a forecast


@dataclass(frozen=True)
class NoSettings:
    """No options and no settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountConfig:
    """How many levels of a series are above zero: a Poisson rate."""

    part: ClassVar[str] = "tides.count"
    floor: float = 0.01


class CountHead(nn.Module):
    """Sums a rate over the frames of each series."""

    def __init__(self, config: CountConfig, width: int) -> None:
        super().__init__()
        self.floor = config.floor
        self.rate = nn.Linear(width, 1)

    def forward(self, encoded: Encoded) -> Tensor:
        """Return (B,) rates."""
        inside = torch.arange(encoded.output.shape[1]) < encoded.lengths[:, None]
        rates: Tensor = self.rate(encoded.output)[:, :, 0].sigmoid()
        return self.floor + (rates * inside).sum(dim=1)

    def loss(self, encoded: Encoded, targets: Tensor, target_lengths: Tensor) -> tuple[Tensor, int]:
        """Sum minus the log probability of (B, 1) counts."""
        rates = self(encoded)
        return -torch.distributions.Poisson(rates).log_prob(targets[:, 0]).sum(), len(targets)


@dataclass(frozen=True, kw_only=True)
class Levels(Batch):
    """`past` (B, T, 1) and `future` (B, U, 1), float; `lengths` (B,) of the past."""

    past: Tensor
    future: Tensor
    lengths: Tensor


class Tides:
    """Forecasts the last levels of each line from those before, in tenths."""

    name = "tides.levels"
    presets: Mapping[str, Preset] = {
        "tiny": Preset(
            train=TrainConfig(epochs=80, batch_size=8, learning_rate=0.02, evaluate_every=20),
            options=NoSettings(),
        )
    }
    settings_type: type = NoSettings
    monitor = "nats_a_step"

    def read(self, source: Path, ledger: Ledger) -> Iterator[Example]:
        for number, line in enumerate(source.read_text().splitlines(), start=1):
            ledger.use(f"{source}:{number}")
            yield Example(id=f"{number}", tokens=tuple(map(int, line.split())))

    def prepare(self, examples: Sequence[Example], options: NoSettings) -> Preparation:
        model = ModelConfig(
            source=FramesConfig(features=1),
            encoder=EncoderConfig(hidden=8, layers=1),
            bridge=FinalStateConfig(),
            decoder=SeriesConfig(density=DensityConfig(components=1), hidden=16, layers=1),
            heads={"high": CountConfig(), "rising": TagConfig(vocabulary=2)},
        )
        return Preparation(settings=NoSettings(), model=model)

    def preflight(
        self, examples: Sequence[Example], preparation: Preparation, ledger: Ledger
    ) -> list[Example]:
        return list(examples)

    def length(self, example: Example) -> int:
        return len(example.tokens)

    def collate(
        self, examples: Sequence[Example], preparation: Preparation, draws: Draws | None
    ) -> Levels:
        rows = [torch.tensor(example.tokens)[:, None] / 10 for example in examples]
        return Levels(
            ids=tuple(example.id for example in examples),
            past=nn.utils.rnn.pad_sequence([row[:-STEPS] for row in rows], batch_first=True),
            future=torch.stack([row[-STEPS:] for row in rows]),
            lengths=torch.tensor([len(row) - STEPS for row in rows]),
        )

    def loss(self, model: Any, batch: Levels) -> LossSum:
        encoded = model.encode(batch.past, batch.lengths)
        steps = torch.full_like(batch.lengths, STEPS)
        log_probs = model.log_probs(batch.future, steps, encoded=encoded)
        high = (batch.past[:, :, 0] > 0).sum(dim=1, keepdim=True).float()
        rising = (batch.past.diff(dim=1, append=batch.past[:, -1:])[:, :, 0] > 0).long()
        counted, _ = model.head_loss("high", encoded, high, torch.ones_like(batch.lengths))
        tagged, _ = model.head_loss("rising", encoded, rising, batch.lengths - 1)
        return LossSum(0.1 * (counted + tagged) - log_probs.sum(), log_probs.numel())

    def measure(self, model: LoadedModel, examples: Iterable[Example]) -> Iterator[Measurement]:
        for example in examples:
            batch = self.collate([example], model.preparation, None)
            with torch.inference_mode():
                encoded = model.encode(batch.past, batch.lengths)
                steps = torch.tensor([STEPS])
                log_probs = model.module.log_probs(batch.future, steps, encoded=encoded)
            yield Measurement(id=example.id, sums={"nats_a_step": (-float(log_probs.sum()), STEPS)})

    def preview(self, model: LoadedModel, examples: Sequence[Example], seed: int) -> PreviewResult:
        return PreviewResult(text="no preview")


class Forecast:
    """Draws one future of every line for each take."""

    name = "forecast"

    def run(self, request: Request, job: Job) -> Iterator[Result]:
        (path,) = request.inputs["levels"]
        lines = path.read_text().splitlines()
        past = torch.tensor([[int(word) for word in line.split()] for line in lines]) / 10
        encoded = job.encode(past[:, :, None], torch.full((len(past),), past.shape[1]))
        for take in request.takes:
            steps = job.sample_series(
                torch.zeros(len(past), 0, 1), [take] * len(past), encoded=encoded
            )
            levels = torch.stack(list(islice(steps, STEPS)), dim=1)[:, :, 0]
            lines = [" ".join(f"{level:.4f}" for level in row) for row in levels.tolist()]
            yield Result(outputs={"forecast": "\n".join(lines)}, take=take.number)


@hookimpl
def seqstudio_parts() -> Iterable[PartSpec]:
    def build(config: CountConfig, context: BuildContext) -> CountHead:
        return CountHead(config, context.encoder.width)

    return [PartSpec(CountConfig.part, CountConfig, build)]


@hookimpl
def seqstudio_tasks() -> Iterable[Task]:
    return [Tides()]


@hookimpl
def seqstudio_operations() -> Iterable[Operation]:
    return [Forecast()]
