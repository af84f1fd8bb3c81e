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
from seqstudio.contracts.task import (
    ChoosesPreset,
    Preparation,
    Preset,
    SuitedPreset,
    Task,
    holds_out_last,
)
from seqstudio.core.parts import Parts
from seqstudio.errors import ConfigError, DataError, TrainingError
from seqstudio.services.atomic_files import os_errors_as
from seqstudio.services.base_model import StartingPoint, check_adapter, open_base
from seqstudio.services.bundle_files import bundle_name
from seqstudio.services.bundles import load_bundle
from seqstudio.services.communicator import ALONE, Communicator
from seqstudio.services.datasets import (
    choose_split,
    fingerprint,
    first_refusal,
    hash_source,
    keep_apart,
    read_examples,
    splits_of,
    training_splits,
)
from seqstudio.services.events import Event
from seqstudio.services.runs import (
    Run,
    RunSpec,
    check_new,
    check_not_finished,
    check_same_request,
    check_same_verb,
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
    base: Path | None = None  # the bundle to start from; None: random weights, or those of the run
    base_name: str = ""  # by which the user named it; "" for the name of the bundle
    importer: str = ""  # PLUGIN.NAME; "" chooses one
    processes: int = 0  # that torchrun starts on this machine; 0: train without it, in this one
    apart: float = 0.0  # share of the data that judges the model; see `keep_apart`
    as_base: bool = False  # keep the alphabet and all else that the base has made of its own data

    def __post_init__(self) -> None:
        if self.processes < 0:
            raise ConfigError(f"processes={self.processes}, expected 0 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginContext:
    """What the plugin of a task and its extensions provide for training and evaluation."""

    plugin: str = ""
    plugin_version: str = ""
    kinds: tuple[str, ...] = ()  # kinds of data of the task, from the manifest
    importers: Sequence[Importer] = ()  # of the task's own plugin
    other_importers: Sequence[Importer] = ()
    exporters: Sequence[Exporter] = ()
    callbacks: Sequence[TrainCallback] = ()
    parts: Parts | None = None
    requires: Mapping[str, str] = field(default_factory=dict)  # part -> "plugin>=version"


ReadData = tuple[Sequence[Example], Ledger]  # the examples of a data set, and what became of it


def run_train_job(
    job: TrainJob,
    task: Task,
    context: PluginContext,
    *,
    device: str = "cpu",
    stop: Callable[[], bool] = lambda: False,
    communicator: Communicator = ALONE,
    data: ReadData | None = None,
) -> Iterator[Event]:
    """Train as requested, yielding events; they are also stored in the run folder.

    Parameters
    ----------
    data : what was read of `job.data` already; None reads it

    Raises
    ------
    ConfigError
        If the preset or a setting is unknown or out of range, or an adapter has no base.
    ModelError
        If the model to start from is damaged, an adapter, or of another task.
    DataError
        If the data cannot be read or split.
    TrainingError
        If the run folder is not empty, belongs to another request, or is finished.
    """
    with os_errors_as(TrainingError, job.run):
        job = _with_saved_settings(job)
        communicator.exchange(None)  # all have seen the run folder before one creates it
        inputs = _training_inputs(job, task, context, communicator, data)
        yield from train(dataclasses.replace(inputs, device=device, stop=stop))


def _with_saved_settings(job: TrainJob) -> TrainJob:
    """Check the run folder; to resume without a preset or settings, return a job with the run's."""
    if not job.resume:
        check_new(job.run)
        return job
    run = open_run(job.run)
    check_same_verb(run, job.data, learns=job.apart > 0)
    check_not_finished(run)
    if run.spec.base and job.base is None:
        job = dataclasses.replace(job, base=run.base, base_name=run.spec.base.name)
    job = dataclasses.replace(job, importer=job.importer or run.spec.importer)
    if job.preset or job.settings:
        return job
    return dataclasses.replace(job, preset=run.spec.preset, settings=run.spec.settings)


def _training_inputs(
    job: TrainJob,
    task: Task,
    context: PluginContext,
    communicator: Communicator,
    data: ReadData | None,
) -> TrainingInputs:
    """Read and check the data; create the run folder, or open it to resume."""
    base = open_base(job.base, task, job.base_name) if job.base else None
    _preset(job, task, base)  # a wrong setting is refused before the data are read
    (examples, ledger), last = data or _read(job, task, context), holds_out_last(task)
    _count_unused(examples, ledger)
    suited = _suited(job, task, base, examples)
    name, preset = _preset(job, task, base, suited)
    rest, _, apart = keep_apart(examples, job.apart, last=last) if job.apart else (examples, [], {})
    train_examples, valid_examples, rule = training_splits(rest, preset.train, last=last)
    rule = apart or rule  # the card names what the model has never seen
    spec = _spec(job, task, context, name, preset, base, examples, rule)
    existing = _existing_run(job, spec)
    preparation = _saved_preparation(job, existing, task, context)
    preparation = preparation or task.prepare(train_examples, preset.options)
    usable = _usable(job, task, train_examples, preparation, ledger)
    weights, fresh = base.fit(preparation, context.parts) if base else ({}, ())
    spec = dataclasses.replace(spec, fresh=fresh)
    if communicator.rank == 0:
        (existing or create_run(job.run, spec, job.base)).write_ledger(ledger)
    communicator.exchange(None)
    return TrainingInputs(
        task=task,
        preparation=preparation,
        train_examples=usable,
        valid_examples=valid_examples,
        config=preset.train,
        run=open_run(job.run),
        communicator=communicator,
        parts=context.parts,
        callbacks=context.callbacks,
        exporters=context.exporters,
        suited=suited,
        base_weights=weights,
    )


def _usable(
    job: TrainJob,
    task: Task,
    examples: Sequence[Example],
    preparation: Preparation,
    ledger: Ledger,
) -> Sequence[Example]:
    """Return the training examples that the task takes, at least one."""
    usable = task.preflight(examples, preparation, ledger)
    if not usable:
        found = f"{len(ledger.used)} used, {first_refusal(ledger)}"
        raise TrainingError(f"{job.data}: no training example is usable ({found})")
    return usable


def _count_unused(examples: Sequence[Example], ledger: Ledger) -> None:
    """Count the examples of other splits than train and valid: they were read, and that is all."""
    for split in splits_of(examples):
        if split not in ("", "train", "valid"):
            unused = sum(example.split == split for example in examples)
            ledger.count(f"items of split {split}, which no training uses", unused)


def _read(job: TrainJob, task: Task, context: PluginContext) -> ReadData:
    ledger = Ledger()
    examples = read_examples(
        task,
        job.data,
        ledger,
        kinds=context.kinds,
        importers=context.importers,
        others=context.other_importers,
        wanted=job.importer,
    )
    return examples, ledger


def _preset(
    job: TrainJob, task: Task, base: StartingPoint | None, suited: SuitedPreset | None = None
) -> tuple[str, Preset]:
    """Return the preset with the job's settings, and its name."""
    if base is None:
        name = suited.name if suited else job.preset or next(iter(task.presets))
        preset = find_preset(task.presets, name)
    else:
        name, preset = base.preset(task, job.preset)
    preset = apply_settings(preset, job.settings)
    check_adapter(preset.train, base)
    return name, preset


def _suited(
    job: TrainJob, task: Task, base: StartingPoint | None, examples: Sequence[Example]
) -> SuitedPreset | None:
    """Return the preset that suits the training examples, if the task is to choose and can."""
    if job.preset or base or not isinstance(task, ChoosesPreset):
        return None
    try:
        return task.suited_preset(choose_split(examples, "train"))
    except DataError as error:
        raise DataError(f"{job.data}: {error}") from error


def _saved_preparation(
    job: TrainJob, run: Run | None, task: Task, context: PluginContext
) -> Preparation | None:
    """Return the preparation of the run that goes on, or of the base if it is to stay."""
    if run and run.model.exists():
        base = run.base if run.spec.config.adapter != "none" else None
        return load_bundle(run.model, task, parts=context.parts, base=base).preparation
    if job.as_base and job.base:
        return load_bundle(job.base, task, parts=context.parts).preparation
    return None


def _spec(
    job: TrainJob,
    task: Task,
    context: PluginContext,
    name: str,
    preset: Preset,
    base: StartingPoint | None,
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
        importer=job.importer,
        apart=job.apart,
        command=job.command or _command(job, task, name),
        held_out=rule,
        base=None if base is None else base.identity,
        requires=context.requires,
        config=preset.train,
        options=options,
    )


def _command(job: TrainJob, task: Task, preset: str) -> str:
    words = ["seqstudio", "train", task.name, job.data.name, "--run", job.run.name]
    words += ["--preset", preset]
    words += ["--importer", job.importer] if job.importer else []
    words += ["--from", job.base_name or bundle_name(job.base)] if job.base else []
    words += [word for setting in job.settings for word in ("--set", setting)]
    return shlex.join(words)


def _existing_run(job: TrainJob, spec: RunSpec) -> Run | None:
    if not job.resume:
        return None
    run = open_run(job.run)
    check_same_request(run, spec)
    return run
