"""Tasks on generated data, trained with the training service."""

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
from seqstudio.core.cells import CELLS
from seqstudio.core.config import ModelConfig
from seqstudio.core.decoder import Decoder, DecoderConfig
from seqstudio.core.encoder import Encoder, EncoderConfig
from seqstudio.core.gradient_flow import GradientFlow, gradient_flow
from seqstudio.core.model import SequenceModel
from seqstudio.core.parts import BuildContext, Part, Parts, default_parts
from seqstudio.core.recurrent import RecurrentLayer
from seqstudio.errors import DataError
from seqstudio.services.bundles import build_module, load_bundle
from seqstudio.services.events import Evaluated, TrainingStep
from seqstudio.services.runs import RunSpec, create_run
from seqstudio.services.training import train
from seqstudio.services.training_inputs import TrainingInputs

Module = TypeVar("Module", bound=torch.nn.Module)


@dataclass(frozen=True, kw_only=True)
class NoSettings:
    """A task on generated data has no settings."""


@dataclass(frozen=True, kw_only=True)
class GeneratedExample(Example):
    """One generated example: inputs, (T,) or (T, F), and targets, (U,)."""

    inputs: Tensor
    targets: Tensor


@dataclass(frozen=True, kw_only=True)
class GeneratedBatch(Batch):
    """Padded examples with their lengths."""

    inputs: Tensor
    input_lengths: Tensor
    targets: Tensor
    target_lengths: Tensor


class GeneratedTask:
    """A task without files; each proof defines its loss and its error."""

    name = "proofs.generated"
    presets: Mapping[str, Preset] = {}
    settings_type: type = NoSettings
    monitor = "error"

    def __init__(self, config: ModelConfig) -> None:
        self.config = config

    @abstractmethod
    def loss(self, model: Any, batch: GeneratedBatch) -> LossSum:
        """Sum the loss over a batch."""

    @abstractmethod
    def errors(self, model: SequenceModel, batch: GeneratedBatch) -> Sequence[tuple[float, float]]:
        """Return the error of each example as (numerator, denominator)."""

    def read(self, source: Path, ledger: Ledger) -> Iterator[Example]:
        raise DataError(f"{source}: {self.name} generates its own data, expected no source")

    def prepare(self, examples: Sequence[Example], options: Any) -> Preparation:
        return Preparation(settings=NoSettings(), model=self.config)

    def preflight(
        self, examples: Sequence[Example], preparation: Preparation, ledger: Ledger
    ) -> list[Example]:
        return list(examples)

    def length(self, example: Example) -> int:
        return len(self._generated([example])[0].inputs)

    def collate(
        self, examples: Sequence[Example], preparation: Preparation, draws: Draws | None
    ) -> GeneratedBatch:
        generated = self._generated(examples)
        pad = torch.nn.utils.rnn.pad_sequence
        return GeneratedBatch(
            ids=tuple(one.id for one in generated),
            inputs=pad([one.inputs for one in generated], batch_first=True),
            input_lengths=torch.tensor([len(one.inputs) for one in generated]),
            targets=pad([one.targets for one in generated], batch_first=True),
            target_lengths=torch.tensor([len(one.targets) for one in generated]),
        )

    def measure(self, model: LoadedModel, examples: Iterable[Example]) -> Iterator[Measurement]:
        generated = list(examples)
        batch = self.collate(generated, model.preparation, None)
        with torch.no_grad():
            errors = self.errors(model.module, batch)
        for one, error in zip(generated, errors, strict=True):
            yield Measurement(id=one.id, sums={"error": error})

    def preview(self, model: LoadedModel, examples: Sequence[Example], seed: int) -> PreviewResult:
        return PreviewResult(text=f"error {pool(list(self.measure(model, examples)))['error']:.3f}")

    def _generated(self, examples: Sequence[Example]) -> list[GeneratedExample]:
        return [one for one in examples if isinstance(one, GeneratedExample)]


@dataclass(frozen=True, kw_only=True)
class TrainResult:
    """The result of a training."""

    model: SequenceModel
    error: float  # of the best evaluation
    steps: int  # taken
    curve: tuple[tuple[int, float], ...]  # step and error of each evaluation
    cpu_s: float


def train_on(
    task: GeneratedTask,
    train_set: Sequence[GeneratedExample],
    valid_set: Sequence[GeneratedExample],
    config: TrainConfig,
    folder: Path,
    *,
    target_error: float = -1.0,
    parts: Parts | None = None,
) -> TrainResult:
    """Train until the error on the valid set is at most `target_error`, or for all epochs."""
    started = process_time()
    run = create_run(folder, RunSpec(task=task.name, config=config))
    preparation = task.prepare(train_set, None)
    curve, steps = [], 0
    inputs = TrainingInputs(
        task=task,
        preparation=preparation,
        train_examples=train_set,
        valid_examples=valid_set,
        config=config,
        run=run,
        parts=parts,
    )
    for event in train(inputs):
        if isinstance(event, TrainingStep):
            steps = event.step
        if isinstance(event, Evaluated):
            curve.append((event.step, event.value))
            if event.value <= target_error:
                break
    return TrainResult(
        model=load_bundle(run.model, task, parts=parts).module,
        error=min(error for _, error in curve),
        steps=steps,
        curve=tuple(curve),
        cpu_s=process_time() - started,
    )


def untrained_gradient_flow(
    task: GeneratedTask,
    examples: Sequence[GeneratedExample],
    *,
    seed: int,
    parts: Parts | None = None,
) -> GradientFlow:
    """Measure the gradient flow of an untrained model."""
    preparation = task.prepare(examples, None)
    model = build_module(preparation, seed=seed, device="cpu", parts=parts)
    batch = task.collate(examples, preparation, None)
    return gradient_flow(model, lambda: task.loss(model, batch).total)


def open_gate_parts(bias: float) -> Parts:
    """Return the built-in parts with gated cells that keep what they hold at first.

    The LSTM of 1997 had no forget gate: its memory, and the error through it, kept a factor of one.
    Today's cells come close to that only if their gates start so (Gers et al. 2000; Jozefowicz et
    al. 2015; for minGRU Feng et al. 2024, appendix B).
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
    """Add `bias` to what keeps the state of every gated cell in a module."""
    for layer in module.modules():
        if not isinstance(layer, RecurrentLayer) or layer.cell is CELLS["tanh"]:
            continue
        gates = layer.weights("ih")[1].detach()
        if layer.cell is CELLS["mingru"]:
            gates[: layer.hidden] -= bias  # its update gate replaces the state
        else:
            gates[layer.hidden : 2 * layer.hidden] += bias  # forget, and the update of a GRU
    return module
