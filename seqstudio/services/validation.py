"""Evaluates, previews and saves the model of a training with the rounded weights of its bundle."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from torch import Tensor

from seqstudio.contracts.data import pool
from seqstudio.contracts.formats import Exporter
from seqstudio.contracts.task import PreviewResult
from seqstudio.errors import TrainingError
from seqstudio.services.atomic_files import write_atomic
from seqstudio.services.bundles import LoadedBundle, build_module, to_half_precision
from seqstudio.services.evaluation import evaluate
from seqstudio.services.events import Evaluated, Preview
from seqstudio.services.model_writer import write_model
from seqstudio.services.training_inputs import TrainingInputs

PREVIEW_SEED = 1
PREVIEW_EXAMPLES = 3


class Validator:
    """Evaluates weights on a second copy of the model, so that the trained one is not touched."""

    def __init__(self, inputs: TrainingInputs) -> None:
        self._inputs = inputs
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
        best_before: float,
        should_stop: Callable[[], bool],
        averaged: int = 1,
    ) -> Evaluated | None:
        """Measure weights on the valid split; they are the best so far if below `best_before`.

        Return None if `should_stop`, called after every example, returns True.

        Raises
        ------
        TrainingError
            If the task's monitor was not measured, or is not finite.
        """
        self._load(state)
        task, examples = self._inputs.task, self._inputs.valid_examples
        measurements = []
        for one in evaluate(task, self._model, examples):
            measurements.append(one)
            if should_stop():
                return None
        metrics = pool(measurements)
        value = metrics.get(task.monitor, math.nan)
        if not math.isfinite(value):
            raise TrainingError(f"step {step}: valid {task.monitor}={value:g}, expected finite")
        return Evaluated(
            step=step,
            epoch=epoch,
            monitor=task.monitor,
            value=value,
            best=value < best_before,
            metrics=metrics,
            items=len(examples),
            averaged=averaged,
        )

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
        self._load(state)
        write_model(
            self._inputs.run,
            self._inputs.task,
            self._inputs.preparation,
            self._model.module,
            step=step,
            minutes=minutes,
            evaluated=evaluated,
        )

    def _load(self, state: Mapping[str, Tensor]) -> None:
        self._model.module.load_state_dict(to_half_precision(state))


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
