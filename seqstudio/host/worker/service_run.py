"""What all services of a worker share: the task, its plugins and models, its data, and the host."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqstudio.contracts.data import Example, Ledger, Measurement
from seqstudio.contracts.job import Cancelled
from seqstudio.contracts.messages import Start
from seqstudio.contracts.task import Task
from seqstudio.host.worker.channel import HostChannel
from seqstudio.host.worker.job import WorkerJob
from seqstudio.host.worker.models import JobModels, ModelCache
from seqstudio.host.worker.plugin_context import data_kinds
from seqstudio.host.worker.plugins import Plugins
from seqstudio.services.bundle_files import inspect_bundle
from seqstudio.services.datasets import choose_split, hash_source, read_examples, splits_of
from seqstudio.services.model_card import ModelCard


class ServiceRun:
    """What services share: the task, its plugins and models, and the host."""

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


@dataclass(frozen=True, slots=True)
class Data:
    """Examples with the splits that a model's training made of them."""

    held_out: Mapping[str, float]  # the rule on the card; {} for none
    examples: Sequence[Example]
    ledger: Ledger
    trained_on: bool

    def split(self, name: str) -> list[Example]:
        """Return the examples of a split."""
        held_out, trained_on = self.held_out, self.trained_on
        return choose_split(self.examples, name, held_out=held_out, trained_on=trained_on)

    def note(self, chosen: Sequence[Example]) -> dict[str, str]:
        """Say which part of the training data was measured, if they are these and unsplit."""
        if not self.trained_on or splits_of(self.examples) != ("",):
            return {}
        part = f"{len(chosen)} of {len(self.examples)} items"
        return {"note": f"the model was trained on these data; measured are {part}, held out"}


def read_all(service: ServiceRun, data: Path, importer: str, ledger: Ledger) -> list[Example]:
    """Read a data set by the importer that recognises it, or the one that is named."""
    return read_examples(
        service.task,
        data,
        ledger,
        kinds=data_kinds(service.start, service.task),
        importers=service.plugins.own_importers(),
        others=service.plugins.other_importers(),
        wanted=importer,
    )


def read_data(service: ServiceRun, data: Path, importer: str) -> Data:
    """Read a data set to measure the job's model on."""
    path = Path(service.start.models[0].path)
    outside = service.job.recogniser() is not None
    card = ModelCard(task=service.task.name) if outside else inspect_bundle(path).card
    ledger = Ledger()
    examples = read_all(service, data, importer, ledger)
    trained_on = bool(card.held_out) and hash_source(data) == card.data_sha256
    return Data(card.held_out, examples, ledger, trained_on)


def with_progress(
    measurements: Iterator[Measurement],
    total: int,
    job: WorkerJob,
    span: tuple[float, float] = (0.0, 1.0),
) -> Iterator[Measurement]:
    """Yield measurements, reporting after each how many there are.

    Parameters
    ----------
    span : the progress of the job before the first and after the last
    """
    start, end = span
    for number, one in enumerate(measurements, start=1):
        job.progress(start + (end - start) * number / total, f"{number} of {total}")
        yield one
