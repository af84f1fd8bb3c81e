"""Training, measuring and verifying in a worker: the verbs that need torch from the start."""

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
from seqstudio.host.worker.channel import Line
from seqstudio.host.worker.job import SPACING_S, WorkerJob
from seqstudio.host.worker.models import ModelCache, Models
from seqstudio.host.worker.plugins import Plugins
from seqstudio.media.exporters import built_in_exporters
from seqstudio.services.bundle_files import inspect_bundle
from seqstudio.services.datasets import choose_split, hash_source, read_examples
from seqstudio.services.evaluation import evaluate, report
from seqstudio.services.events import Finished, TrainingStep, event_to_plain
from seqstudio.services.golden import check_golden
from seqstudio.services.train_job import PluginContext, TrainJob, run_train_job


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateOrder:
    """What `seqstudio evaluate MODEL DATA` asks for."""

    data: Path
    split: str = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyOrder:
    """What `seqstudio models verify MODEL` asks for."""

    demo: Path  # the folder of the demo items


def run_service(
    start: Start, plugins: Plugins, host: Line, ready: Callable[[Line], None]
) -> Mapping[str, Any]:
    """Do the one item of a job; give what it found."""
    verbs = {"train": _train, "evaluate": _evaluate, "verify": _verify}
    if start.verb not in verbs:
        raise ConfigError(f"verb {start.verb!r}, expected one of: operation, {', '.join(verbs)}")
    task = plugins.own("tasks", start.name)
    ready(host)
    value: Mapping[str, Any] = {}
    for items in host.items():
        service = Service(start, plugins, host, task, items.items[0].item)
        try:
            value = verbs[start.verb](service)
            result = ItemResult(item=service.item, details={}, provenance=service.provenance())
            host.send(result)
        except SeqStudioError as bad:
            host.send(ItemRefused(item=service.item, reason=str(bad)))
    return value


class Service:
    """What the three verbs share: the task, what is around it, and the line to the host."""

    def __init__(self, start: Start, plugins: Plugins, host: Line, task: Task, item: int) -> None:
        self.start = start
        self.plugins = plugins
        self.host = host
        self.task = task
        self.item = item
        self.models = Models(start.models, plugins, start.device, ModelCache())
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
        """Give what replay needs."""
        return self.job.provenance()

    def surroundings(self) -> PluginContext:
        """Give what the plugins offer to a training."""
        plugins = self.plugins
        parts = plugins.offers("parts")
        return PluginContext(
            plugin=self.start.plugin.id,
            plugin_version=self.start.plugin.version,
            kinds=self.kinds,
            importers=plugins.all_offers("importers"),
            exporters=(*built_in_exporters(), *plugins.all_offers("exporters")),
            callbacks=plugins.all_offers("train_callbacks"),
            parts=with_plugin_parts(plugins.all_offers("parts")),
            requires=self._requires(parts),
        )

    def _requires(self, parts: Mapping[str, Mapping[str, Any]]) -> Mapping[str, str]:
        """Say which plugin each part needs, and from which version on."""
        versions = {one.id: one.version for one in (self.start.plugin, *self.start.extensions)}
        return {
            name: f"{owner}>={versions[owner]}"
            for owner, offers in parts.items()
            for name in offers
        }

    def stopped(self) -> bool:
        """Say whether the person asked to stop; wait while the job is paused."""
        try:
            self.host.check()
        except Cancelled:
            return True
        return False


def _train(service: Service) -> Mapping[str, Any]:
    order = from_plain(TrainJob, service.start.arguments, "train")
    fraction, told = 0.0, 0.0
    value: Mapping[str, Any] = {}
    events = run_train_job(
        order, service.task, service.surroundings(), device=service.job.device, stop=service.stopped
    )
    for event in events:
        if isinstance(event, TrainingStep):
            fraction = min(1.0, event.fraction)
            if time.monotonic() - told < SPACING_S:
                continue  # the run folder has every step
            told = time.monotonic()
        plain = event_to_plain(event)
        service.host.send(Progress(fraction=fraction, item=service.item, event=plain))
        if isinstance(event, Finished):
            value = plain
    service.host.check()
    return value


def _evaluate(service: Service) -> Mapping[str, Any]:
    order = from_plain(EvaluateOrder, service.start.arguments, "evaluate")
    loaded = service.job.model()
    card = inspect_bundle(Path(service.start.models[0].path)).card
    ledger = Ledger()
    examples = choose_split(
        read_examples(
            service.task,
            order.data,
            ledger,
            kinds=service.kinds,
            importers=service.plugins.all_offers("importers"),
        ),
        order.split,
        held_out=card.held_out,
        learned=bool(card.held_out) and hash_source(order.data) == card.data_sha256,
    )
    counted = _counted(evaluate(service.task, loaded, examples), len(examples), service.job)
    metrics = service.plugins.all_offers("metrics")
    return report(list(counted), service.task, ledger=ledger, metrics=metrics)


def _counted(measured: Iterator[Measurement], total: int, job: WorkerJob) -> Iterator[Measurement]:
    for number, one in enumerate(measured, start=1):
        job.progress(number / total, f"{number} of {total}")
        yield one


def _verify(service: Service) -> Mapping[str, Any]:
    order = from_plain(VerifyOrder, service.start.arguments, "verify")
    facts = inspect_bundle(Path(service.start.models[0].path))
    manifest = from_plain(Manifest, service.start.plugin.manifest, service.start.plugin.id)
    entries = {entry.name: entry for entry in manifest.operations}
    checked = check_golden(
        facts.golden,
        service.plugins.offers("operations")[service.start.plugin.id],
        lambda name: fill_options(entries[name], {}),
        order.demo,
        service.job,
    )
    found = [{**to_plain(one), "same": one.same} for one in checked]
    service.job.model()  # also where there is no golden item: the weights must load
    return {"model": facts.name, "sha256": facts.sha256, "golden": found}
