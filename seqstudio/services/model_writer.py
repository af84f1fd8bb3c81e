"""Writing the model of a run: a bundle and its card."""

import platform

import torch
from torch import nn

from seqstudio.contracts.plain import to_plain
from seqstudio.contracts.task import Preparation, Task
from seqstudio.core.model import SequenceModel
from seqstudio.services.bundles import save_bundle
from seqstudio.services.events import Evaluated
from seqstudio.services.model_card import CardMetric, ModelCard
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
    """Save `module` as the run's model, rounded to half precision.

    `evaluated` holds the metrics of these weights, or is None if they were not measured.
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
        parameters=sum(parameter.numel() for parameter in module.parameters()),
        training_minutes=round(minutes, 2),
        machine=f"{platform.machine()}, {torch.get_num_threads()} thread(s)",
        torch=torch.__version__,
        remarks=() if evaluated else ("not evaluated yet",),
        metrics=tuple(
            CardMetric(name=name, value=value, split="valid", items=items)
            for name, value in metrics.items()
        ),
    )
