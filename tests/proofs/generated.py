"""Tasks over generated data, and one way to train them: with the project's own train loop."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any, TypeVar

import torch
from torch import Tensor

from seqstudio.contracts.data import Batch, Draws, Example, Ledger, LossSum, Measurement, pool
from seqstudio.contracts.job import LoadedModel
from seqstudio.contracts.task import Preparation, Preset, PreviewResult, TrainConfig
from seqstudio.core.config import DecoderConfig, EncoderConfig, ModelConfig
from seqstudio.core.decoder import Decoder
from seqstudio.core.encoder import Encoder
from seqstudio.core.gradient_flow import GradientFlow, gradient_flow
from seqstudio.core.model import SequenceModel
from seqstudio.core.parts import BuildContext, Part, Parts, default_parts
from seqstudio.errors import DataError
from seqstudio.services.bundles import build_module, load_bundle
from seqstudio.services.events import Evaluated, TrainingStep
from seqstudio.services.runs import RunSpec, create_run
from seqstudio.services.training import train

Module = TypeVar("Module", bound=torch.nn.Module)


@dataclass(frozen=True, kw_only=True)
class NoSettings:
    """Nothing but the model is learned from generated data."""


@dataclass(frozen=True, kw_only=True)
class Drawn(Example):
    """One generated example: what goes in, (T,) or (T, F), and what should come out, (U,)."""

    given: Tensor
    wanted: Tensor


@dataclass(frozen=True, kw_only=True)
class DrawnBatch(Batch):
    """Padded examples with their lengths."""

    given: Tensor
    given_lengths: Tensor
    wanted: Tensor
    wanted_lengths: Tensor


class GeneratedTask:
    """A task that needs no files; each proof says what its loss and its error are."""

    name = "proofs.generated"
    presets: Mapping[str, Preset] = {}
    settings_type: type = NoSettings
    monitor = "error"

    def __init__(self, config: ModelConfig) -> None:
        self.config = config

    @abstractmethod
    def loss(self, model: Any, batch: DrawnBatch) -> LossSum:
        """Sum the loss over a batch."""

    @abstractmethod
    def errors(self, model: SequenceModel, batch: DrawnBatch) -> Sequence[tuple[float, float]]:
        """Give for each example its error, and what it is a share of."""

    def read(self, source: Path, ledger: Ledger) -> Iterator[Example]:
        raise DataError(f"{source}: {self.name} makes its own data, expected no source")

    def prepare(self, examples: Sequence[Example], options: Any) -> Preparation:
        return Preparation(settings=NoSettings(), model=self.config)

    def preflight(
        self, examples: Sequence[Example], preparation: Preparation, ledger: Ledger
    ) -> list[Example]:
        return list(examples)

    def length(self, example: Example) -> int:
        return len(self._drawn([example])[0].given)

    def collate(
        self, examples: Sequence[Example], preparation: Preparation, draws: Draws | None
    ) -> DrawnBatch:
        drawn = self._drawn(examples)
        pad = torch.nn.utils.rnn.pad_sequence
        return DrawnBatch(
            ids=tuple(one.id for one in drawn),
            given=pad([one.given for one in drawn], batch_first=True),
            given_lengths=torch.tensor([len(one.given) for one in drawn]),
            wanted=pad([one.wanted for one in drawn], batch_first=True),
            wanted_lengths=torch.tensor([len(one.wanted) for one in drawn]),
        )

    def measure(self, model: LoadedModel, examples: Iterable[Example]) -> Iterator[Measurement]:
        drawn = list(examples)
        batch = self.collate(drawn, model.preparation, None)
        with torch.no_grad():
            errors = self.errors(model.module, batch)
        for one, error in zip(drawn, errors, strict=True):
            yield Measurement(id=one.id, sums={"error": error})

    def preview(self, model: LoadedModel, examples: Sequence[Example], seed: int) -> PreviewResult:
        return PreviewResult(text=f"error {pool(list(self.measure(model, examples)))['error']:.3f}")

    def _drawn(self, examples: Sequence[Example]) -> list[Drawn]:
        return [one for one in examples if isinstance(one, Drawn)]


@dataclass(frozen=True, kw_only=True)
class Trained:
    """What came of a training."""

    model: SequenceModel
    error: float  # of the best evaluation
    steps: int  # taken
    curve: tuple[tuple[int, float], ...]  # step and error of each evaluation
    cpu_s: float


def train_on(
    task: GeneratedTask,
    learned: Sequence[Drawn],
    unseen: Sequence[Drawn],
    config: TrainConfig,
    folder: Path,
    *,
    enough: float = -1.0,
    parts: Parts | None = None,
) -> Trained:
    """Train until the error on unseen examples is `enough`, or all epochs are done."""
    began = process_time()
    run = create_run(folder, RunSpec(task=task.name, config=config))
    preparation = task.prepare(learned, None)
    curve, steps = [], 0
    for event in train(task, preparation, learned, unseen, config, run, parts=parts):
        if isinstance(event, TrainingStep):
            steps = event.step
        if isinstance(event, Evaluated):
            curve.append((event.step, event.value))
            if event.value <= enough:
                break
    return Trained(
        model=load_bundle(run.model, task, parts=parts).module,
        error=min(error for _, error in curve),
        steps=steps,
        curve=tuple(curve),
        cpu_s=process_time() - began,
    )


def flow_before_training(
    task: GeneratedTask, examples: Sequence[Drawn], *, seed: int, parts: Parts | None = None
) -> GradientFlow:
    """Measure the gradient flow of fresh weights: whether they can learn at all."""
    preparation = task.prepare(examples, None)
    model = build_module(preparation, seed=seed, device="cpu", parts=parts)
    batch = task.collate(examples, preparation, None)
    return gradient_flow(model, lambda: task.loss(model, batch).total)


def remembering_parts(bias: float) -> Parts:
    """Give the in-box parts, their LSTMs with forget gates that begin open.

    The LSTM of 1997 had no forget gate: it kept its memory, error and all, at a factor of one.
    Today's cell comes near that only when its gate begins open (Gers et al. 2000; Jozefowicz et
    al. 2015).
    """

    def encoder(config: EncoderConfig, context: BuildContext) -> Encoder:
        return open_gates(Encoder(config, context.source.width), bias)

    def decoder(config: DecoderConfig, context: BuildContext) -> Decoder:
        return open_gates(Decoder(config, context.attention), bias)

    return {
        **default_parts(),
        EncoderConfig.part: Part(EncoderConfig, encoder),
        DecoderConfig.part: Part(DecoderConfig, decoder),
    }


def open_gates(module: Module, bias: float) -> Module:
    """Add `bias` to every forget gate of the LSTMs in a module."""
    for layer in module.modules():
        if isinstance(layer, torch.nn.LSTM):
            gates = layer.get_parameter("bias_ih_l0").detach()
            gates[layer.hidden_size : 2 * layer.hidden_size] += bias
    return module
