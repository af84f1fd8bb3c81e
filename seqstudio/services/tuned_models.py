"""Models whose decoding was chosen on data: the same weights with another preparation."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seqstudio.contracts.job import LoadedModel
from seqstudio.contracts.task import Preparation, Task
from seqstudio.errors import ModelError
from seqstudio.services.atomic_files import os_errors_as, sync_file
from seqstudio.services.bundle_files import TASK_BUFFERS, BundleInfo
from seqstudio.services.bundles import LoadedBundle, save_bundle
from seqstudio.services.evaluation import metrics_of
from seqstudio.services.model_card import CardMetric, ModelCard
from seqstudio.services.model_writer import with_settled


def with_preparation(loaded: LoadedModel, preparation: Preparation) -> LoadedBundle:
    """Return a model with the same weights and another preparation."""
    return LoadedBundle(
        name=loaded.name,
        task=loaded.task,
        sha256="",
        device=loaded.device,
        module=loaded.module,
        settings=preparation.settings,
        preparation=preparation,
    )


def save_tuned(
    folder: Path,
    tuned: LoadedBundle,
    info: BundleInfo,
    report: Mapping[str, Any],
    task: Task,
    command: str,
) -> None:
    """Write a tuned model as a new bundle, with the card of the model that it was.

    Parameters
    ----------
    folder : new or empty; nothing is written beside it
    info : of the model before
    report : of the tuned model on the valid split
    command : that tuned it

    Raises
    ------
    ModelError
        If the folder is not empty, or cannot be written.
    """
    preparation = with_settled(tuned.preparation, task, metrics_of(report))
    buffers = {TASK_BUFFERS + name: tensor for name, tensor in preparation.buffers.items()}
    own = {n: t for n, t in tuned.module.state_dict().items() if not n.startswith(TASK_BUFFERS)}
    with os_errors_as(ModelError, folder):
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise ModelError(f"{folder} holds files, expected a new folder")
        save_bundle(
            folder,
            task_name=info.task,
            plugin=info.plugin,
            plugin_version=info.plugin_version,
            preparation=preparation,
            weights={**own, **buffers},
            card=_card(info.card, report, task.monitor, command),
            half="F16" in info.dtypes,
            requires=info.config.requires,
        )
        for path in (*folder.iterdir(), folder):
            sync_file(path)


def _card(card: ModelCard, report: Mapping[str, Any], monitor: str, command: str) -> ModelCard:
    bounds = {f"{monitor}_low", f"{monitor}_high"}
    metrics = tuple(
        CardMetric(
            name=name,
            value=value,
            split="valid",
            items=report["items"],
            low=report.get(f"{monitor}_low") if name == monitor else None,
            high=report.get(f"{monitor}_high") if name == monitor else None,
        )
        for name, value in metrics_of(report).items()
        if name not in bounds
    )
    return dataclasses.replace(card, metrics=metrics, tuning=command)
