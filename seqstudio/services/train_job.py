"""The `train` job: read the data, prepare the task, open the run folder, and train."""

import dataclasses
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seqstudio.contracts.data import Example, Ledger
from seqstudio.contracts.formats import Exporter, Importer, TrainCallback
from seqstudio.contracts.plain import to_plain
from seqstudio.contracts.task import Preset, Task
from seqstudio.core.parts import Parts
from seqstudio.errors import TrainingError
from seqstudio.services.atomic_files import os_errors_as
from seqstudio.services.bundles import load_bundle
from seqstudio.services.datasets import (
    fingerprint,
    hash_source,
    read_examples,
    training_splits,
)
from seqstudio.services.events import Event
from seqstudio.services.runs import (
    Run,
    RunSpec,
    check_new,
    check_not_finished,
    check_same_request,
    create_run,
    open_run,
)
from seqstudio.services.settings import apply_settings, find_preset
from seqstudio.services.training import train
from seqstudio.services.training_inputs import TrainingInputs


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainJob:
    """The arguments of `seqstudio train TASK DATA --run DIR`."""

    data: Path
    run: Path
    preset: str = ""
    settings: tuple[str, ...] = ()
    resume: bool = False
    command: str = ""  # as typed; "" for a command equivalent to this job


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginContext:
    """What the plugin of a task and its extensions provide for training and evaluation."""

    plugin: str = ""
    plugin_version: str = ""
    kinds: tuple[str, ...] = ()  # kinds of data of the task, from the manifest
    importers: Sequence[Importer] = ()
    exporters: Sequence[Exporter] = ()
    callbacks: Sequence[TrainCallback] = ()
    parts: Parts | None = None
    requires: Mapping[str, str] = field(default_factory=dict)  # part -> "plugin>=version"


def run_train_job(
    job: TrainJob,
    task: Task,
    context: PluginContext,
    *,
    device: str = "cpu",
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Event]:
    """Train as requested, yielding events; they are also stored in the run folder.

    Raises
    ------
    ConfigError
        If the preset or a setting is unknown or out of range.
    DataError
        If the data cannot be read or split.
    TrainingError
        If the run folder is not empty, belongs to another request, or is finished.
    """
    with os_errors_as(TrainingError, job.run):
        yield from _train(_with_saved_settings(job), task, context, device, stop)


def _with_saved_settings(job: TrainJob) -> TrainJob:
    """Check the run folder; to resume without a preset or settings, return a job with the run's."""
    if not job.resume:
        check_new(job.run)
        return job
    run = open_run(job.run)
    check_not_finished(run)
    if job.preset or job.settings:
        return job
    return dataclasses.replace(job, preset=run.spec.preset, settings=run.spec.settings)


def _train(
    job: TrainJob, task: Task, context: PluginContext, device: str, stop: Callable[[], bool]
) -> Iterator[Event]:
    name = job.preset or next(iter(task.presets))
    preset = apply_settings(find_preset(task.presets, name), job.settings)
    ledger = Ledger()
    examples = read_examples(
        task, job.data, ledger, kinds=context.kinds, importers=context.importers
    )
    train_examples, valid_examples, rule = training_splits(examples, preset.train)
    spec = _spec(job, task, context, name, preset, examples, rule)
    existing = _existing_run(job, spec)
    if existing and existing.model.exists():  # reuse its preparation instead of computing it again
        preparation = load_bundle(existing.model, task, parts=context.parts).preparation
    else:
        preparation = task.prepare(train_examples, preset.options)
    usable = task.preflight(train_examples, preparation, ledger)
    if not usable:
        raise TrainingError(f"{job.data}: no training example is usable ({ledger.summary()})")
    run = existing or create_run(job.run, spec)
    run.write_ledger(ledger)
    yield from train(
        TrainingInputs(
            task=task,
            preparation=preparation,
            train_examples=usable,
            valid_examples=valid_examples,
            config=preset.train,
            run=run,
            device=device,
            stop=stop,
            parts=context.parts,
            callbacks=context.callbacks,
            exporters=context.exporters,
        )
    )


def _spec(
    job: TrainJob,
    task: Task,
    context: PluginContext,
    name: str,
    preset: Preset,
    examples: Sequence[Example],
    rule: Mapping[str, float],
) -> RunSpec:
    options: dict[str, Any] = to_plain(preset.options)
    return RunSpec(
        task=task.name,
        plugin=context.plugin,
        plugin_version=context.plugin_version,
        data=job.data.name,
        data_sha256=hash_source(job.data),
        examples=fingerprint(examples),
        preset=name,
        settings=job.settings,
        command=job.command or _command(job, task, name),
        held_out=rule,
        requires=context.requires,
        config=preset.train,
        options=options,
    )


def _command(job: TrainJob, task: Task, preset: str) -> str:
    words = ["seqstudio", "train", task.name, job.data.name, "--run", job.run.name]
    words += ["--preset", preset]
    words += [word for setting in job.settings for word in ("--set", setting)]
    return shlex.join(words)


def _existing_run(job: TrainJob, spec: RunSpec) -> Run | None:
    if not job.resume:
        return None
    run = open_run(job.run)
    check_same_request(run, spec)
    return run
