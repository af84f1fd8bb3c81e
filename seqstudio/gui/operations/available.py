"""What installed plugins offer for a kind of input: operations, their models and formats."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from seqstudio.contracts.manifest import OperationEntry, Port
from seqstudio.errors import ModelError
from seqstudio.gui.workspace.results import READ
from seqstudio.host.catalogue.catalogue import Catalogue, Plugin, in_the_box
from seqstudio.host.catalogue.models import FoundModel
from seqstudio.host.studio import Studio

RUNS = 50  # newest trainings whose run folders are looked at for models


@dataclass(frozen=True, slots=True)
class Offer:
    """One operation of one plugin."""

    plugin: str
    plugin_title: str
    entry: OperationEntry

    @property
    def badge(self) -> str:
        """Say why the same run may give another result; "" where it cannot."""
        return "" if self.entry.deterministic else f"May differ each time: {self.entry.reason}"


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """One line of the model chooser."""

    value: str  # as `JobSpec.model` takes it; "" leaves it to the operation
    title: str
    help: str = ""


def offers(catalogue: Catalogue, kind: str) -> tuple[Offer, ...]:
    """Give the operations that take a kind, and for music those that make it from nothing.

    Those of the studio's own plugins come first. Those that listen while one plays or speaks are
    left out: they have no file to run on.
    """
    ours_first = sorted(catalogue.plugins, key=lambda p: (not in_the_box(p.distribution), p.id))
    return tuple(
        Offer(plugin.id, plugin.title, entry)
        for plugin in ours_first
        for entry in plugin.manifest.operations
        if entry.stream() is None and _fits(entry, kind)
    )


def _fits(entry: OperationEntry, kind: str) -> bool:
    if not kind or any(port.kind == kind for port in entry.inputs):
        return True
    needs = [port for port in entry.inputs if not port.optional]
    return kind == "midi" and not needs and any(port.kind == "midi" for port in entry.outputs)


def main_port(entry: OperationEntry, kind: str) -> Port | None:
    """Give the input that takes what is in front; None where the operation needs nothing."""
    return next((port for port in entry.inputs if kind in ("", port.kind)), None)


def further_ports(entry: OperationEntry, kind: str) -> tuple[Port, ...]:
    """Give the inputs that a person chooses besides."""
    main = main_port(entry, kind)
    return tuple(port for port in entry.inputs if port is not main)


def formats_of(entry: OperationEntry) -> tuple[str, ...]:
    """Give all formats that the outputs may be written in, each once."""
    return tuple(dict.fromkeys(form for port in entry.outputs for form in port.formats))


def read_by_session(entry: OperationEntry) -> tuple[str, ...]:
    """Give the formats without which the results could not enter the session."""
    read = [
        READ.get(port.kind, "") for port in entry.outputs if READ.get(port.kind) in port.formats
    ]
    return tuple(dict.fromkeys(read))


def first_formats(entry: OperationEntry) -> tuple[str, ...]:
    """Give what is written unless the person chooses: what the session reads, else the default."""
    read = set(read_by_session(entry))
    for port in entry.outputs:
        if not read & set(port.formats):
            read |= set(port.formats[:1])
    return tuple(form for form in formats_of(entry) if form in read)


def model_choices(studio: Studio, plugin: Plugin, entry: OperationEntry) -> list[ModelChoice]:
    """Give the models that an operation can use, the default first; none where it needs none.

    Raises
    ------
    ModelError
        If it needs one, and none is there.
    """
    tasks = entry.model_tasks()
    if not tasks:
        return []
    trained = [
        _choice(found, str(found.path.parent))
        for found in trained_models(studio)
        if found.facts.task in tasks
    ]
    try:
        usable = studio.models.usable(plugin, entry, "")
    except ModelError:
        if not trained:
            raise
        return trained
    return [*_installed(usable, plugin, entry), *trained]


def trained_models(studio: Studio) -> list[FoundModel]:
    """Give the best models so far of the runs that were trained from this profile."""
    return [found for run in run_folders(studio) if (found := _of_run(studio, run))]


def run_folders(studio: Studio) -> Iterator[Path]:
    """Give the run folders of this profile's newest trainings, each once."""
    trainings = studio.jobs.list(RUNS, verb="train")
    yield from dict.fromkeys(
        Path(run) for row in trainings if (run := json.loads(row.spec)["arguments"].get("run"))
    )


def _of_run(studio: Studio, run: Path) -> FoundModel | None:
    if not (run / "model").is_dir():
        return None
    try:
        return studio.models.find(str(run))
    except ModelError:  # a run that is being written, or was cut off: its page says why
        return None


def _installed(
    usable: Sequence[FoundModel], plugin: Plugin, entry: OperationEntry
) -> list[ModelChoice]:
    """Give a line for each, the default first: one that is the default is listed as that alone."""
    choices = [_choice(one, one.name) for one in usable]
    first = usable[0].name
    named = [m.name for m in plugin.manifest.models if entry.name in m.default_for]
    if len(usable) == 1 or first in named:
        default = ModelChoice("", f"{first} (default)", choices[0].help)
        return [default, *choices[1:]]
    names = ", ".join(one.name for one in usable)
    help = f"The operation picks one of: {names}."
    return [ModelChoice("", "as suits the input (default)", help), *choices]


def _choice(found: FoundModel, value: str) -> ModelChoice:
    card = found.facts.card
    origin = {"file": "trained here", "imported": "yours"}.get(found.origin, found.origin)
    lines = (card.title, card.description, f"{found.facts.task}, {origin}")
    return ModelChoice(value, f"{found.name} ({origin})", "\n".join(filter(None, lines)))
