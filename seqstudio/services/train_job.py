"""Carries out `train`: reads the data, prepares, opens the run folder, and trains."""

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
from seqstudio.services.atomic_files import faults_as
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
    check_same_request,
    create_run,
    open_run,
    refuse_finished,
)
from seqstudio.services.settings import apply_settings, find_preset
from seqstudio.services.training import train


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainOrder:
    """What `seqstudio train TASK DATA --run DIR` asks for."""

    data: Path
    run: Path
    preset: str = ""
    settings: tuple[str, ...] = ()
    resume: bool = False
    command: str = ""  # as it was typed; "" for the command that would do the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a task's plugin and its extensions offer to a training or an evaluation."""

    plugin: str = ""
    plugin_version: str = ""
    kinds: tuple[str, ...] = ()  # data kinds of the task, from the manifest
    importers: Sequence[Importer] = ()
    exporters: Sequence[Exporter] = ()
    callbacks: Sequence[TrainCallback] = ()
    parts: Parts | None = None
    requires: Mapping[str, str] = field(default_factory=dict)  # part -> "plugin>=version"


def carry_out(
    order: TrainOrder,
    task: Task,
    around: Surroundings,
    *,
    device: str = "cpu",
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Event]:
    """Train as ordered, yielding events; the run folder keeps all of them.

    Raises
    ------
    ConfigError
        If the preset or a setting is unknown or out of range.
    DataError
        If the data cannot be read, or cannot be split.
    TrainingError
        If the run folder is taken, is of another order, or is finished.
    """
    with faults_as(TrainingError, order.run):
        yield from _train(_as_begun(order), task, around, device, stop)


def _as_begun(order: TrainOrder) -> TrainOrder:
    """Look at the run folder before anything is read; a resumed run keeps its own settings."""
    if not order.resume:
        check_new(order.run)
        return order
    run = open_run(order.run)
    refuse_finished(run)
    if order.preset or order.settings:
        return order
    return dataclasses.replace(order, preset=run.spec.preset, settings=run.spec.settings)


def _train(
    order: TrainOrder, task: Task, around: Surroundings, device: str, stop: Callable[[], bool]
) -> Iterator[Event]:
    name = order.preset or next(iter(task.presets))
    preset = apply_settings(find_preset(task.presets, name), order.settings)
    ledger = Ledger()
    examples = read_examples(
        task, order.data, ledger, kinds=around.kinds, importers=around.importers
    )
    learn, valid, rule = training_splits(examples, preset.train)
    spec = _spec(order, task, around, name, preset, examples, rule)
    begun = _begun(order, spec)
    if begun and begun.model.exists():  # what was learned then, not learned again
        preparation = load_bundle(begun.model, task, parts=around.parts).preparation
    else:
        preparation = task.prepare(learn, preset.options)
    usable = task.preflight(learn, preparation, ledger)
    if not usable:
        raise TrainingError(f"{order.data}: no training example is usable ({ledger.summary()})")
    run = begun or create_run(order.run, spec)
    run.write_ledger(ledger)
    yield from train(
        task,
        preparation,
        usable,
        valid,
        preset.train,
        run,
        device=device,
        stop=stop,
        parts=around.parts,
        callbacks=around.callbacks,
        exporters=around.exporters,
    )


def _spec(
    order: TrainOrder,
    task: Task,
    around: Surroundings,
    name: str,
    preset: Preset,
    examples: Sequence[Example],
    rule: Mapping[str, float],
) -> RunSpec:
    options: dict[str, Any] = to_plain(preset.options)
    return RunSpec(
        task=task.name,
        plugin=around.plugin,
        plugin_version=around.plugin_version,
        data=order.data.name,
        data_sha256=hash_source(order.data),
        examples=fingerprint(examples),
        preset=name,
        settings=order.settings,
        command=order.command or _command(order, task, name),
        held_out=rule,
        requires=around.requires,
        config=preset.train,
        options=options,
    )


def _command(order: TrainOrder, task: Task, preset: str) -> str:
    words = ["seqstudio", "train", task.name, order.data.name, "--run", order.run.name]
    words += ["--preset", preset]
    words += [word for setting in order.settings for word in ("--set", setting)]
    return shlex.join(words)


def _begun(order: TrainOrder, spec: RunSpec) -> Run | None:
    if not order.resume:
        return None
    run = open_run(order.run)
    check_same_request(run, spec)
    return run
