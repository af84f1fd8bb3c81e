"""Writes the model of a run: a bundle with its card, evaluated as it is stored."""

import platform

import torch
from torch import nn

from seqstudio.contracts.plain import to_plain
from seqstudio.contracts.task import Preparation, Task
from seqstudio.core.model import SequenceModel
from seqstudio.services.bundles import save_bundle
from seqstudio.services.card import Card, Figure
from seqstudio.services.events import Evaluated
from seqstudio.services.runs import Run


def write_model(
    run: Run,
    task: Task,
    preparation: Preparation,
    module: SequenceModel,
    *,
    step: int,
    minutes: float,
    evaluated: Evaluated | None = None,
) -> None:
    """Make `module` the run's model, rounded to half precision.

    `evaluated` holds the figures of these very weights; None where none were measured yet.
    """
    with run.new_model(step) as folder:
        save_bundle(
            folder,
            task_name=task.name,
            plugin=run.spec.plugin,
            plugin_version=run.spec.plugin_version,
            preparation=preparation,
            module=module,
            card=make_card(run, module, step=step, minutes=minutes, evaluated=evaluated),
            half=True,
            requires=run.spec.requires,
        )


def make_card(
    run: Run, module: nn.Module, *, step: int, minutes: float, evaluated: Evaluated | None
) -> Card:
    """Say where a model comes from; licence, source and title are for people to add."""
    spec = run.spec
    figures = evaluated.figures if evaluated else {}
    items = evaluated.items if evaluated else 0
    return Card(
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
        parameters=sum(parameter.numel() for parameter in module.parameters()),
        training_minutes=round(minutes, 2),
        machine=f"{platform.machine()}, {torch.get_num_threads()} thread(s)",
        torch=torch.__version__,
        notes=() if evaluated else ("not evaluated yet",),
        figures=tuple(
            Figure(name=name, value=value, split="valid", items=items)
            for name, value in figures.items()
        ),
    )
