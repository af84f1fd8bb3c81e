"""Writing the model of a run: a bundle and its card."""

import dataclasses
import platform
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from seqstudio.contracts.plain import to_plain
from seqstudio.contracts.task import Preparation, SettlesSettings, Task
from seqstudio.errors import TrainingError
from seqstudio.services.atomic_files import os_errors_as
from seqstudio.services.bundles import save_bundle
from seqstudio.services.events import AverageKind, Evaluated
from seqstudio.services.kept_weights import load_weights
from seqstudio.services.model_card import CardMetric, ModelCard
from seqstudio.services.runs import Run
from seqstudio.services.stored_weights import StoredWeights

NOT_EVALUATED = "not evaluated yet"


def write_model(
    run: Run,
    task: Task,
    preparation: Preparation,
    weights: Mapping[str, Tensor],
    *,
    parameters: int,
    step: int,
    minutes: float,
    evaluated: Evaluated | None = None,
    processes: int = 1,
) -> None:
    """Save weights as the run's model, rounded to half precision.

    Parameters
    ----------
    weights : of the whole model, or of an adapter
    parameters : their number in the whole model
    evaluated : the metrics of these weights; None if they were not measured
    processes : that train together
    """
    card = make_card(
        run, parameters, step=step, minutes=minutes, evaluated=evaluated, processes=processes
    )
    with run.new_model(step) as folder:
        _save(folder, run, task, preparation, weights, card, evaluated)


def write_stored(
    folder: Path,
    run: Run,
    stored: StoredWeights,
    task: Task,
    preparation: Preparation,
    card: ModelCard,
) -> None:
    """Save weights that a run still has as a bundle, as `write_model` would have at their step.

    Parameters
    ----------
    folder : new
    preparation, card : of the run's model

    Raises
    ------
    TrainingError
        If the file is gone, since the training went on.
    """
    with os_errors_as(TrainingError, stored.path):
        tensors = load_weights(stored.path)
        evaluated = stored.evaluated
        average: AverageKind = "ema" if stored.prefix else ""
        minutes = round(card.training_minutes * stored.step / max(card.steps, 1), 2)  # at its pace
        card = dataclasses.replace(
            card,
            steps=stored.step,
            averaged=1,
            average=evaluated.average if evaluated else average,
            training_minutes=minutes,
            remarks=() if evaluated else (NOT_EVALUATED,),
            metrics=card_metrics(evaluated),
        )
        weights = {
            name.removeprefix(stored.prefix): tensor
            for name, tensor in tensors.items()
            if name.startswith(stored.prefix)
        }
        folder.mkdir(parents=True)
        _save(folder, run, task, preparation, weights, card, evaluated)


def with_settled(preparation: Preparation, task: Task, metrics: Mapping[str, float]) -> Preparation:
    """Return a preparation whose settings know these metrics, if the task's settings do."""
    if not isinstance(task, SettlesSettings):
        return preparation
    settings = task.settled(preparation.settings, metrics)
    return dataclasses.replace(preparation, settings=settings)


def _save(
    folder: Path,
    run: Run,
    task: Task,
    preparation: Preparation,
    weights: Mapping[str, Tensor],
    card: ModelCard,
    evaluated: Evaluated | None,
) -> None:
    if evaluated:
        preparation = with_settled(preparation, task, evaluated.metrics)
    save_bundle(
        folder,
        task_name=task.name,
        plugin=run.spec.plugin,
        plugin_version=run.spec.plugin_version,
        preparation=preparation,
        weights=weights,
        card=card,
        half=True,
        base=run.spec.base if run.spec.config.adapter != "none" else None,
        requires=run.spec.requires,
    )


def make_card(
    run: Run,
    parameters: int,
    *,
    step: int,
    minutes: float,
    evaluated: Evaluated | None,
    processes: int,
) -> ModelCard:
    """Return the card of a run's model; title, licence and source are left for the user."""
    spec = run.spec
    return ModelCard(
        name=run.folder.resolve().name,
        task=spec.task,
        data=spec.data,
        data_sha256=spec.data_sha256,
        held_out=spec.held_out,
        preset=spec.preset,
        settings=spec.settings,
        command=spec.command,
        train=to_plain(spec.config),
        options=spec.options,
        seeds=(spec.config.seed,),
        steps=step,
        averaged=evaluated.averaged if evaluated else 1,
        average=evaluated.average if evaluated else "",
        base=spec.base.name if spec.base else "",
        base_sha256=spec.base.sha256 if spec.base else "",
        fresh=spec.fresh,
        parameters=parameters,
        training_minutes=round(minutes, 2),
        machine=machine_text(processes),
        torch=torch.__version__,
        remarks=() if evaluated else (NOT_EVALUATED,),
        metrics=card_metrics(evaluated),
    )


def card_metrics(evaluated: Evaluated | None) -> tuple[CardMetric, ...]:
    """Return the metrics of a card from an evaluation on the valid split, if there was one."""
    if evaluated is None:
        return ()
    return tuple(
        CardMetric(
            name=name,
            value=value,
            split="valid",
            items=evaluated.items,
            percentiles=evaluated.percentiles if name == evaluated.monitor else (),
        )
        for name, value in evaluated.metrics.items()
    )


def machine_text(processes: int) -> str:
    """Return what a model is trained on, such as `x86_64, 1 thread(s), 2 processes`."""
    together = f", {processes} processes" if processes > 1 else ""
    return f"{platform.machine()}, {torch.get_num_threads()} thread(s){together}"
