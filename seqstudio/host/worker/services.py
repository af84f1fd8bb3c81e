"""Training, evaluation and verification in a worker."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from seqstudio.contracts.data import Ledger, Measurement
from seqstudio.contracts.job import Cancelled
from seqstudio.contracts.manifest import Manifest
from seqstudio.contracts.messages import ItemRefused, ItemResult, Progress, Start
from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.contracts.task import Task
from seqstudio.errors import ConfigError, SeqStudioError
from seqstudio.host.jobs.options import fill_options
from seqstudio.host.worker.channel import HostChannel
from seqstudio.host.worker.job import PROGRESS_INTERVAL_S, WorkerJob
from seqstudio.host.worker.models import JobModels, ModelCache
from seqstudio.host.worker.parallel import train_in_processes
from seqstudio.host.worker.plugin_context import data_kinds, plugin_context
from seqstudio.host.worker.plugins import Plugins
from seqstudio.services.bundle_files import inspect_bundle
from seqstudio.services.datasets import choose_split, hash_source, read_examples
from seqstudio.services.evaluation import evaluate, report
from seqstudio.services.events import Event, Finished, TrainingStep, event_to_plain
from seqstudio.services.golden import check_golden
from seqstudio.services.train_job import TrainJob, run_train_job


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateArguments:
    """The arguments of `seqstudio evaluate MODEL DATA`."""

    data: Path
    split: str = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyArguments:
    """The arguments of `seqstudio models verify MODEL`."""

    demo: Path  # the folder of the demo items


def run_service(
    start: Start, plugins: Plugins, host: HostChannel, ready: Callable[[HostChannel], None]
) -> Mapping[str, Any]:
    """Run the one item of a job; return its value."""
    verbs = {"train": _train, "evaluate": _evaluate, "verify": _verify}
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
    loaded = service.job.model()
    card = inspect_bundle(Path(service.start.models[0].path)).card
    ledger = Ledger()
    examples = choose_split(
        read_examples(
            service.task,
            arguments.data,
            ledger,
            kinds=data_kinds(service.start, service.task),
            importers=service.plugins.all_contributions("importers"),
        ),
        arguments.split,
        held_out=card.held_out,
        trained_on=bool(card.held_out) and hash_source(arguments.data) == card.data_sha256,
    )
    measurements = _with_progress(
        evaluate(service.task, loaded, examples), len(examples), service.job
    )
    metrics = service.plugins.all_contributions("metrics")
    return report(list(measurements), service.task, ledger=ledger, metrics=metrics)


def _with_progress(
    measurements: Iterator[Measurement], total: int, job: WorkerJob
) -> Iterator[Measurement]:
    for number, one in enumerate(measurements, start=1):
        job.progress(number / total, f"{number} of {total}")
        yield one


def _verify(service: ServiceRun) -> Mapping[str, Any]:
    arguments = from_plain(VerifyArguments, service.start.arguments, "verify")
    facts = inspect_bundle(Path(service.start.models[0].path))
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
    service.job.model()  # even without golden items the weights must load
    return {"model": facts.name, "sha256": facts.sha256, "golden": found}
