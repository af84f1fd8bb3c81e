"""Measures and shows a half-trained model as its bundle will be: with rounded weights."""

import math
from collections.abc import Callable, Mapping, Sequence

from torch import Tensor

from seqstudio.contracts.data import Example, pool
from seqstudio.contracts.formats import Exporter
from seqstudio.contracts.task import Preparation, Task
from seqstudio.core.parts import Parts
from seqstudio.errors import TrainingError
from seqstudio.services.bundles import Loaded, build_module, round_half
from seqstudio.services.evaluation import evaluate
from seqstudio.services.events import Evaluated, Preview
from seqstudio.services.model_writer import write_model
from seqstudio.services.previews import write_preview
from seqstudio.services.runs import Run

PREVIEW_SEED = 1
PREVIEWED = 3  # examples shown


class Trial:
    """A second copy of the model, so that measuring never touches the one that learns."""

    def __init__(
        self,
        task: Task,
        preparation: Preparation,
        examples: Sequence[Example],
        run: Run,
        *,
        device: str,
        parts: Parts | None,
    ) -> None:
        self._task, self._examples, self._run = task, examples, run
        module = build_module(preparation, seed=0, device=device, parts=parts).eval()
        self._loaded = Loaded(
            name=run.folder.name,
            task=task.name,
            sha256="",
            device=device,
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
        below: float,
        stop: Callable[[], bool],
        averaged: int = 1,
    ) -> Evaluated | None:
        """Measure the valid split; the figure is the best so far if it is less than `below`.

        `stop` is asked after every example; None where it said so.

        Raises
        ------
        TrainingError
            If the task's monitor was not measured, or is not finite.
        """
        self._take(state)
        measured = []
        for one in evaluate(self._task, self._loaded, self._examples):
            measured.append(one)
            if stop():
                return None
        figures = pool(measured)
        monitor = self._task.monitor
        value = figures.get(monitor, math.nan)
        if not math.isfinite(value):
            raise TrainingError(f"step {step}: valid {monitor}={value:g}, expected finite")
        return Evaluated(
            step=step,
            epoch=epoch,
            monitor=monitor,
            value=value,
            best=value < below,
            figures=figures,
            items=len(self._examples),
            averaged=averaged,
        )

    def preview(
        self,
        state: Mapping[str, Tensor],
        *,
        step: int,
        epoch: int,
        exporters: Sequence[Exporter] = (),
    ) -> Preview:
        """Show what the model does now, with the same seed and examples at every stage."""
        self._take(state)
        shown = self._task.preview(self._loaded, self._examples[:PREVIEWED], PREVIEW_SEED)
        folder = self._run.folder / "previews" / f"{step:08d}"
        files = write_preview(folder, shown, exporters, self._run.folder)
        return Preview(step=step, epoch=epoch, text=shown.text, files=files)

    def write(
        self,
        state: Mapping[str, Tensor],
        *,
        step: int,
        minutes: float,
        evaluated: Evaluated | None = None,
    ) -> None:
        """Make these weights the run's model; `evaluated` holds what they measured, if known."""
        self._take(state)
        write_model(
            self._run,
            self._task,
            self._loaded.preparation,
            self._loaded.module,
            step=step,
            minutes=minutes,
            evaluated=evaluated,
        )

    def _take(self, state: Mapping[str, Tensor]) -> None:
        self._loaded.module.load_state_dict(round_half(state))
