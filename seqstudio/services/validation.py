"""Evaluates, previews and saves the model of a training with the rounded weights of its bundle."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from seqstudio.contracts.data import pool
from seqstudio.contracts.formats import Exporter
from seqstudio.contracts.task import PreviewResult, tie_break_of
from seqstudio.core.adapters import merge
from seqstudio.errors import SeqStudioError, TrainingError
from seqstudio.services.atomic_files import write_atomic
from seqstudio.services.bundles import LoadedBundle, build_module, to_half_precision
from seqstudio.services.evaluation import evaluate, percentiles
from seqstudio.services.events import Evaluated, Preview
from seqstudio.services.model_writer import write_model
from seqstudio.services.training_inputs import TrainingInputs

PREVIEW_SEED = 1
PREVIEW_EXAMPLES = 3


class Validator:
    """Evaluates weights on a second copy of the model, so that the trained one is not touched.

    Parameters
    ----------
    inputs : of the training
    base : the weights that an adapter's are added to; {} without an adapter
    """

    def __init__(self, inputs: TrainingInputs, base: Mapping[str, Tensor]) -> None:
        self._inputs = inputs
        self._base = base
        task, preparation = inputs.task, inputs.preparation
        module = build_module(preparation, seed=0, device=inputs.device, parts=inputs.parts).eval()
        self._model = LoadedBundle(
            name=inputs.run.folder.name,
            task=task.name,
            sha256="",
            device=inputs.device,
            module=module,
            settings=preparation.settings,
            preparation=preparation,
        )

    def measure(
        self,
        state: Mapping[str, Tensor],
        *,
        step: int,
        epoch: int,
        should_stop: Callable[[], bool],
    ) -> Evaluated | None:
        """Measure weights on the valid split; whether they are the best is not decided here.

        Return None if `should_stop`, called after every example, returns True.

        Raises
        ------
        TrainingError
            If the task's monitor or tie break was not measured, or is not finite.
        """
        self._load(state)
        task, examples = self._inputs.task, self._inputs.valid_examples
        measurements = []
        for one in evaluate(task, self._model, examples):
            measurements.append(one)
            if should_stop():
                return None
        metrics = pool(measurements)
        for name in filter(None, (task.monitor, tie_break_of(task))):
            if not math.isfinite(value := metrics.get(name, math.nan)):
                raise TrainingError(f"step {step}: valid {name}={value:g}, expected finite")
        return Evaluated(
            step=step,
            epoch=epoch,
            monitor=task.monitor,
            value=metrics[task.monitor],
            best=False,
            metrics=metrics,
            items=len(examples),
            percentiles=percentiles(measurements, task.monitor),
        )

    @torch.inference_mode()
    def loss(self, state: Mapping[str, Tensor]) -> float:
        """Return the mean loss of weights on the valid split, over the examples that have one.

        An example that cannot be trained on, as with a letter that the model does not have, is left
        out. The mean over none is infinite.
        """
        self._load(state)
        inputs, module = self._inputs, self._model.module
        total, count = 0.0, 0
        for example in inputs.valid_examples:
            try:
                batch = inputs.task.collate([example], inputs.preparation, None)
                loss = inputs.task.loss(module, batch.to(inputs.device))
            except SeqStudioError:  # the ledger or the metrics have it
                continue
            total, count = total + float(loss.total), count + int(loss.count)
        mean = total / count if count else math.inf
        return mean if math.isfinite(mean) else math.inf

    def preview(self, state: Mapping[str, Tensor], *, step: int, epoch: int) -> Preview:
        """Write a preview of these weights, always with the same seed and examples."""
        self._load(state)
        inputs, run = self._inputs, self._inputs.run.folder
        examples = inputs.valid_examples[:PREVIEW_EXAMPLES]
        result = inputs.task.preview(self._model, examples, PREVIEW_SEED)
        paths = write_preview(run / "previews" / f"{step:08d}", result, inputs.exporters)
        files = tuple(path.relative_to(run).as_posix() for path in paths)
        return Preview(step=step, epoch=epoch, text=result.text, files=files)

    def write(
        self,
        state: Mapping[str, Tensor],
        *,
        step: int,
        minutes: float,
        evaluated: Evaluated | None = None,
    ) -> None:
        """Save these weights as the model of the run, with their metrics if they were measured."""
        write_model(
            self._inputs.run,
            self._inputs.task,
            self._inputs.preparation,
            state,
            parameters=sum(parameter.numel() for parameter in self._model.module.parameters()),
            step=step,
            minutes=minutes,
            evaluated=evaluated,
            processes=self._inputs.communicator.size,
        )

    def _load(self, state: Mapping[str, Tensor]) -> None:
        self._model.module.load_state_dict(merge(self._base, to_half_precision(state)))


def write_preview(folder: Path, result: PreviewResult, exporters: Sequence[Exporter]) -> list[Path]:
    """Write the text and the outputs of a preview into `folder`; return the paths of the files.

    Each output is written in every format of an exporter whose kind is the output's name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / "preview.txt"]
    write_atomic(paths[0], result.text.encode())
    for name, value in result.outputs.items():
        for exporter in exporters:
            if exporter.kind == name:
                paths.append(folder / f"{name}.{exporter.name}")
                exporter.write(value, paths[-1])
    return paths
