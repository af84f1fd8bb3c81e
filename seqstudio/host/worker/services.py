"""Training, evaluation, tuning, verification and saved weights in a worker."""

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from seqstudio.contracts.data import Example, Ledger, Measurement
from seqstudio.contracts.job import Cancelled
from seqstudio.contracts.manifest import Manifest
from seqstudio.contracts.messages import ItemRefused, ItemResult, Progress, Start
from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.contracts.task import Task, Tunable
from seqstudio.errors import ConfigError, PluginError, SeqStudioError
from seqstudio.host.jobs import KEPT_MODEL
from seqstudio.host.jobs.options import fill_options
from seqstudio.host.worker.channel import HostChannel
from seqstudio.host.worker.job import PROGRESS_INTERVAL_S, WorkerJob
from seqstudio.host.worker.models import JobModels, ModelCache
from seqstudio.host.worker.parallel import train_in_processes
from seqstudio.host.worker.plugin_context import data_kinds, plugin_context
from seqstudio.host.worker.plugins import Plugins
from seqstudio.services.bundle_files import inspect_bundle
from seqstudio.services.datasets import choose_split, hash_source, read_examples, splits_of
from seqstudio.services.evaluation import evaluate, evaluate_recogniser, report
from seqstudio.services.events import Event, Finished, TrainingStep, event_to_plain
from seqstudio.services.golden import check_golden
from seqstudio.services.model_card import ModelCard
from seqstudio.services.model_writer import write_stored
from seqstudio.services.runs import open_run
from seqstudio.services.stored_weights import find_weights
from seqstudio.services.train_job import TrainJob, run_train_job
from seqstudio.services.tuned_models import save_tuned, with_preparation


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateArguments:
    """The arguments of `seqstudio evaluate MODEL DATA`."""

    data: Path
    split: str = "test"
    importer: str = ""  # PLUGIN.NAME; "" chooses one


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneArguments:
    """The arguments of `seqstudio models tune MODEL DATA --out BUNDLE`."""

    data: Path
    out: Path
    text: Path | None = None  # a text or a language model, instead of the train examples
    importer: str = ""  # PLUGIN.NAME; "" chooses one
    command: str = ""  # as typed


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepArguments:
    """The arguments of a job that makes a bundle of weights that a run still has."""

    run: Path
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyArguments:
    """The arguments of `seqstudio models verify MODEL`."""

    demo: Path | None = None  # the folder of the demo items; None: only load the model


def run_service(
    start: Start, plugins: Plugins, host: HostChannel, ready: Callable[[HostChannel], None]
) -> Mapping[str, Any]:
    """Run the one item of a job; return its value."""
    verbs = {
        "train": _train,
        "evaluate": _evaluate,
        "verify": _verify,
        "tune": _tune,
        "keep": _keep,
    }
    if start.verb not in verbs:
        raise ConfigError(f"verb {start.verb!r}, expected one of: operation, {', '.join(verbs)}")
    task = plugins.own("tasks", start.name)
    ready(host)
    value: Mapping[str, Any] = {}
    for items in host.items():
        service = ServiceRun(start, plugins, host, task, items.items[0].item)
        try:
            value = verbs[start.verb](service)
            result = ItemResult(item=service.item, details={}, provenance=service.provenance())
            host.send(result)
        except SeqStudioError as error:
            host.send(ItemRefused(item=service.item, reason=str(error)))
    return value


class ServiceRun:
    """What train, evaluate and verify share: the task, its plugins and models, and the host."""

    def __init__(
        self, start: Start, plugins: Plugins, host: HostChannel, task: Task, item: int
    ) -> None:
        self.start = start
        self.plugins = plugins
        self.host = host
        self.task = task
        self.item = item
        self.models = JobModels(start.models, plugins, start.device, ModelCache())
        self.job = WorkerJob(
            host,
            self.models,
            folder=Path(start.folder) / str(self.item),
            item=self.item,
            needs_model=True,
        )

    def provenance(self) -> Mapping[str, Any]:
        """Return the worker's part of the item's provenance."""
        return self.job.provenance()

    def stopped(self) -> bool:
        """Return whether the job is cancelled; wait while it is paused."""
        try:
            self.host.check()
        except Cancelled:
            return True
        return False


def _train(service: ServiceRun) -> Mapping[str, Any]:
    arguments = from_plain(TrainJob, service.start.arguments, "train")
    if service.start.models:
        (model,) = service.start.models
        arguments = replace(arguments, base=Path(model.path), base_name=model.name)
    fraction, last_progress_s = 0.0, 0.0
    value: Mapping[str, Any] = {}
    events = _train_events(service, arguments)
    for event in events:
        if isinstance(event, TrainingStep):
            fraction = min(1.0, event.fraction)
            if time.monotonic() - last_progress_s < PROGRESS_INTERVAL_S:
                continue  # the run folder has every step
            last_progress_s = time.monotonic()
        plain = event_to_plain(event)
        service.host.send(Progress(fraction=fraction, item=service.item, event=plain))
        if isinstance(event, Finished):
            value = plain
    service.host.check()
    return value


def _train_events(service: ServiceRun, arguments: TrainJob) -> Iterator[Event]:
    """Train in this process, or in as many others as asked for."""
    device = service.job.device
    if arguments.processes:
        folder = service.job.folder / "processes"
        start = replace(service.start, arguments=to_plain(arguments), device=device)
        count = arguments.processes
        yield from train_in_processes(start, folder, service.host, processes=count)
    else:
        context = plugin_context(service.start, service.plugins, service.task)
        yield from run_train_job(
            arguments, service.task, context, device=device, stop=service.stopped
        )


def _evaluate(service: ServiceRun) -> Mapping[str, Any]:
    arguments = from_plain(EvaluateArguments, service.start.arguments, "evaluate")
    recogniser = service.job.recogniser()
    data = _read_data(service, arguments.data, arguments.importer)
    examples = data.split(arguments.split)
    if recogniser:
        measured = evaluate_recogniser(service.task, recogniser, examples)
    else:
        measured = evaluate(service.task, service.job.model(), examples)
    measurements = _with_progress(measured, len(examples), service.job)
    metrics = service.plugins.metrics()
    table = report(list(measurements), service.task, ledger=data.ledger, metrics=metrics)
    return {**table, **data.note(examples)}


def _tune(service: ServiceRun) -> Mapping[str, Any]:
    """Choose how a model decodes; save it as a new bundle with its metrics on the valid split."""
    arguments = from_plain(TuneArguments, service.start.arguments, "tune")
    if not isinstance(service.task, Tunable):
        raise ConfigError(f"{service.task.name}: nothing to tune, expected a task that decodes")
    loaded = service.job.model()
    info = inspect_bundle(Path(service.start.models[0].path))
    data = _read_data(service, arguments.data, arguments.importer)
    valid = data.split("valid")
    trials = service.task.tune(
        loaded, data.split("train"), valid, arguments.text, service.job.model_at
    )
    texts: list[str] = []
    for trial in trials:
        service.job.progress(0.9 * trial.fraction, trial.text)
        texts.append(trial.text)
    if trial.preparation is None:
        raise PluginError(f"{service.task.name}: no preparation after the last trial, expected one")
    tuned = with_preparation(loaded, trial.preparation)
    measured = list(evaluate(service.task, tuned, valid))
    table = report(measured, service.task, ledger=data.ledger, metrics=service.plugins.metrics())
    save_tuned(arguments.out, tuned, info, table, service.task, arguments.command)
    return {**table, "trials": texts}


def _keep(service: ServiceRun) -> Mapping[str, Any]:
    """Write the weights of a step of a run as a bundle in the job's folder."""
    arguments = from_plain(KeepArguments, service.start.arguments, "keep")
    run = open_run(arguments.run)
    stored = find_weights(run, arguments.step)
    card = inspect_bundle(Path(service.start.models[0].path)).card
    folder = Path(service.start.folder) / KEPT_MODEL
    shutil.rmtree(folder, ignore_errors=True)  # of a job that was cut off
    preparation = service.job.model().preparation
    write_stored(folder, run, stored, service.task, preparation, card)
    return {"step": stored.step}


@dataclass(frozen=True, slots=True)
class _Data:
    """Examples with the splits that a model's training made of them."""

    held_out: Mapping[str, float]  # the rule on the card; {} for none
    examples: Sequence[Example]
    ledger: Ledger
    trained_on: bool

    def split(self, name: str) -> list[Example]:
        held_out, trained_on = self.held_out, self.trained_on
        return choose_split(self.examples, name, held_out=held_out, trained_on=trained_on)

    def note(self, chosen: Sequence[Example]) -> dict[str, str]:
        """Say which part of the training data was measured, if they are these and unsplit."""
        if not self.trained_on or splits_of(self.examples) != ("",):
            return {}
        part = f"{len(chosen)} of {len(self.examples)} items"
        return {"note": f"the model was trained on these data; measured are {part}, held out"}


def _read_data(service: ServiceRun, data: Path, importer: str) -> _Data:
    path = Path(service.start.models[0].path)
    outside = service.job.recogniser() is not None
    card = ModelCard(task=service.task.name) if outside else inspect_bundle(path).card
    ledger = Ledger()
    examples = read_examples(
        service.task,
        data,
        ledger,
        kinds=data_kinds(service.start, service.task),
        importers=service.plugins.own_importers(),
        others=service.plugins.other_importers(),
        wanted=importer,
    )
    trained_on = bool(card.held_out) and hash_source(data) == card.data_sha256
    return _Data(card.held_out, examples, ledger, trained_on)


def _with_progress(
    measurements: Iterator[Measurement], total: int, job: WorkerJob
) -> Iterator[Measurement]:
    for number, one in enumerate(measurements, start=1):
        job.progress(number / total, f"{number} of {total}")
        yield one


def _verify(service: ServiceRun) -> Mapping[str, Any]:
    arguments = from_plain(VerifyArguments, service.start.arguments, "verify")
    service.job.model()  # checks shapes and numbers, which golden items need not reach
    facts = inspect_bundle(Path(service.start.models[0].path))
    if arguments.demo is None:
        return {"model": facts.name, "sha256": facts.sha256, "golden": []}
    manifest = from_plain(Manifest, service.start.plugin.manifest, service.start.plugin.id)
    entries = {entry.name: entry for entry in manifest.operations}
    checked = check_golden(
        facts.golden,
        service.plugins.contributions("operations")[service.start.plugin.id],
        lambda name: fill_options(entries[name], {}),
        arguments.demo,
        service.job,
    )
    found = [{**to_plain(one), "same": one.same} for one in checked]
    return {"model": facts.name, "sha256": facts.sha256, "golden": found}
