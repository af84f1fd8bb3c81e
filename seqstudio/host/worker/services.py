"""Training, evaluation and verification in a worker."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqstudio.contracts.data import Ledger, Measurement
from seqstudio.contracts.job import Cancelled
from seqstudio.contracts.manifest import Manifest
from seqstudio.contracts.messages import ItemRefused, ItemResult, Progress, Start
from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.contracts.task import Task
from seqstudio.core.parts import with_plugin_parts
from seqstudio.errors import ConfigError, SeqStudioError
from seqstudio.host.jobs.options import fill_options
from seqstudio.host.worker.channel import HostChannel
from seqstudio.host.worker.job import PROGRESS_INTERVAL_S, WorkerJob
from seqstudio.host.worker.models import JobModels, ModelCache
from seqstudio.host.worker.plugins import Plugins
from seqstudio.media.exporters import built_in_exporters
from seqstudio.services.bundle_files import inspect_bundle
from seqstudio.services.datasets import choose_split, hash_source, read_examples
from seqstudio.services.evaluation import evaluate, report
from seqstudio.services.events import Finished, TrainingStep, event_to_plain
from seqstudio.services.golden import check_golden
from seqstudio.services.train_job import PluginContext, TrainJob, run_train_job


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

    @property
    def kinds(self) -> tuple[str, ...]:
        """The data kinds of the task."""
        entries = self.start.plugin.manifest.get("tasks", ())
        return tuple(next(entry["data"] for entry in entries if entry["name"] == self.task.name))

    def provenance(self) -> Mapping[str, Any]:
        """Return the worker's part of the item's provenance."""
        return self.job.provenance()

    def plugin_context(self) -> PluginContext:
        """Return what the plugins contribute to a training."""
        plugins = self.plugins
        parts = plugins.contributions("parts")
        return PluginContext(
            plugin=self.start.plugin.id,
            plugin_version=self.start.plugin.version,
            kinds=self.kinds,
            importers=plugins.all_contributions("importers"),
            exporters=(*built_in_exporters(), *plugins.all_contributions("exporters")),
            callbacks=plugins.all_contributions("train_callbacks"),
            parts=with_plugin_parts(plugins.all_contributions("parts")),
            requires=self._requires(parts),
        )

    def _requires(self, parts: Mapping[str, Mapping[str, Any]]) -> Mapping[str, str]:
        """Return the plugin and minimum version that provides each part."""
        versions = {one.id: one.version for one in (self.start.plugin, *self.start.extensions)}
        return {
            name: f"{owner}>={versions[owner]}" for owner, named in parts.items() for name in named
        }

    def stopped(self) -> bool:
        """Return whether the job is cancelled; wait while it is paused."""
        try:
            self.host.check()
        except Cancelled:
            return True
        return False


def _train(service: ServiceRun) -> Mapping[str, Any]:
    arguments = from_plain(TrainJob, service.start.arguments, "train")
    fraction, last_progress_s = 0.0, 0.0
    value: Mapping[str, Any] = {}
    events = run_train_job(
        arguments,
        service.task,
        service.plugin_context(),
        device=service.job.device,
        stop=service.stopped,
    )
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
            kinds=service.kinds,
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
