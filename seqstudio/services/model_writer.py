"""Writing the model of a run: a bundle and its card."""

import dataclasses
import platform
from collections.abc import Mapping

import torch
from torch import Tensor

from seqstudio.contracts.plain import to_plain
from seqstudio.contracts.task import Preparation, SettlesSettings, Task
from seqstudio.services.bundles import save_bundle
from seqstudio.services.events import Evaluated
from seqstudio.services.model_card import CardMetric, ModelCard
from seqstudio.services.runs import Run


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
    adapter = run.spec.config.adapter != "none"
    if evaluated and isinstance(task, SettlesSettings):
        settings = task.settled(preparation.settings, evaluated.metrics)
        preparation = dataclasses.replace(preparation, settings=settings)
    with run.new_model(step) as folder:
        save_bundle(
            folder,
            task_name=task.name,
            plugin=run.spec.plugin,
            plugin_version=run.spec.plugin_version,
            preparation=preparation,
            weights=weights,
            card=make_card(
                run,
                parameters,
                step=step,
                minutes=minutes,
                evaluated=evaluated,
                processes=processes,
            ),
            half=True,
            base=run.spec.base if adapter else None,
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
    metrics = evaluated.metrics if evaluated else {}
    items = evaluated.items if evaluated else 0
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
        remarks=() if evaluated else ("not evaluated yet",),
        metrics=tuple(
            CardMetric(name=name, value=value, split="valid", items=items)
            for name, value in metrics.items()
        ),
    )


def machine_text(processes: int) -> str:
    """Return what a model is trained on, such as `x86_64, 1 thread(s), 2 processes`."""
    together = f", {processes} processes" if processes > 1 else ""
    return f"{platform.machine()}, {torch.get_num_threads()} thread(s){together}"
