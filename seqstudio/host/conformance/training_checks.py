"""The checks on one task: it trains two steps on a small data set, and what it made is measured."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqstudio.contracts.manifest import TaskEntry
from seqstudio.errors import SeqStudioError
from seqstudio.host.catalogue.catalogue import Plugin
from seqstudio.host.conformance.check import Check, check_result
from seqstudio.host.conformance.operation_checks import failures
from seqstudio.host.conformance.sample_data import sample_data
from seqstudio.host.jobs.events import JobEvent, JobFinished, Notice
from seqstudio.host.jobs.spec import Verb
from seqstudio.host.studio import JobSpec, Studio
from seqstudio.services.bundle_files import WEIGHTS
from seqstudio.services.events import TrainingStep
from seqstudio.services.runs import open_run

TWO_STEPS = ("epochs=2", "batch_size=64", "valid_share=0.25", "accumulate=1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """A task, with the data on which it is tried."""

    studio: Studio  # of a profile for this suite only
    plugin: Plugin
    entry: TaskEntry
    data: Path
    importer: str = ""  # PLUGIN.NAME; "" chooses one

    def train(self, run: Path) -> list[JobEvent]:
        """Train two steps into a new run folder and return the events."""
        paths = {"data": str(self.data), "run": str(run), "importer": self.importer}
        return self._run("train", arguments={**paths, "preset": "", "settings": TWO_STEPS})

    def measure(self, run: Path) -> list[JobEvent]:
        """Measure a model on the part of the data that it was not trained on."""
        arguments = {"data": str(self.data), "split": "valid", "importer": self.importer}
        return self._run("evaluate", model=str(run), arguments=arguments)

    def _run(self, verb: Verb, **fields: Any) -> list[JobEvent]:
        plugin, name = self.plugin.id, self.entry.name
        spec = JobSpec(plugin=plugin, verb=verb, name=name, device="cpu", **fields)
        try:
            return list(self.studio.submit(spec).events())
        except SeqStudioError as error:  # refused before it began
            return [JobFinished(state="failed", reason=str(error))]


def training_of(studio: Studio, plugin: Plugin, entry: TaskEntry, folder: Path) -> Training | None:
    """Return a task with its own sample, or with one that is written here; None without data.

    Parameters
    ----------
    studio : of a profile for this suite only
    plugin, entry : the task
    folder : a new folder for data
    """
    folder.mkdir(parents=True)
    data = plugin.folder / entry.sample if entry.sample else sample_data(entry.data, folder)
    return Training(studio=studio, plugin=plugin, entry=entry, data=data) if data else None


def check_task(
    studio: Studio, plugin: Plugin, entry: TaskEntry, folder: Path
) -> Generator[Check, None, Path | None]:
    """Train a task for two steps, twice, and measure the model.

    Parameters
    ----------
    studio : of a profile for this suite only
    plugin, entry : the task
    folder : a new folder for data and runs

    Returns
    -------
    the run folder, or None if there is no model
    """
    name = f"{entry.name}: trains two steps"
    if (training := training_of(studio, plugin, entry, folder)) is None:
        yield Check(name=name, outcome="skip", detail=without_data(entry.data))
        return None
    runs = [folder / "first", folder / "second"]
    trainings = [training.train(run) for run in runs]
    faults = [fault for events in trainings for fault in training_faults(plugin, events)]
    yield check_result(name, "; ".join(faults[:1]), "" if faults else _losses(runs[0]))
    if faults:
        return None
    first, second = ((run / "model" / WEIGHTS).read_bytes() for run in runs)
    fault = "" if first == second else "the weights differ"
    yield check_result(f"{entry.name}: the same training gives the same weights", fault)
    measured = training.measure(runs[0])
    name, faults = f"{entry.name}: measures its model", training_faults(plugin, measured)
    yield check_result(name, "; ".join(faults[:1]), figures(measured))
    return runs[0]


def without_data(kinds: Sequence[str]) -> str:
    """Return the reason why nothing is trained on data of these kinds."""
    return f"no sample data of kind {', '.join(kinds)}; name some with `sample` in the manifest"


def training_faults(plugin: Plugin, events: Sequence[JobEvent]) -> list[str]:
    """Return why a training or a measurement failed, and what of a plugin was left out of it."""
    notices = [event for event in events if isinstance(event, Notice)]
    return failures(events) + [one.text for one in notices if one.left_out == plugin.id]


def figures(events: Sequence[JobEvent], prefix: str = "") -> str:
    """Return the first figures of a measurement, of those whose name begins with `prefix`."""
    values = [event.value for event in events if isinstance(event, JobFinished)]
    found = [(name, one) for value in values for name, one in value.items()]
    chosen = [f"{k} {v:.4g}" for k, v in found if isinstance(v, float) and k.startswith(prefix)]
    return ", ".join(chosen[:3])


def _losses(run: Path) -> str:
    """Return the loss of each step, of which a job reports only some."""
    steps = (event for event in open_run(run).events() if isinstance(event, TrainingStep))
    return f"loss {', '.join(f'{step.loss:.4g}' for step in steps)}"
