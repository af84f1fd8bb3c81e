"""The installed operations for a kind of input, with their models and formats."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from seqstudio.contracts.manifest import OperationEntry, Port
from seqstudio.errors import ModelError
from seqstudio.gui.workspace.results import READABLE
from seqstudio.host.catalogue.catalogue import Catalogue, Plugin, is_built_in
from seqstudio.host.catalogue.models import FoundModel
from seqstudio.host.studio import Studio

RUNS = 50  # newest trainings whose run folders are searched for models


@dataclass(frozen=True, slots=True)
class AvailableOperation:
    """One operation of one plugin."""

    plugin: str
    plugin_title: str
    entry: OperationEntry

    @property
    def badge(self) -> str:
        """Why the same run may give another result; "" where it cannot."""
        return "" if self.entry.deterministic else f"May differ each time: {self.entry.reason}"


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """One entry of the model chooser."""

    value: str  # as `JobSpec.model` takes it; "" leaves it to the operation
    title: str
    help: str = ""


def available_operations(catalogue: Catalogue, kind: str) -> tuple[AvailableOperation, ...]:
    """Return the operations that take a kind, and for music those that need no input.

    Those of the built-in plugins come first. Streaming operations are left out: they have no file
    to run on.
    """
    built_in_first = sorted(
        catalogue.plugins, key=lambda p: (not is_built_in(p.distribution), p.id)
    )
    return tuple(
        AvailableOperation(plugin.id, plugin.title, entry)
        for plugin in built_in_first
        for entry in plugin.manifest.operations
        if entry.stream_input() is None and _fits(entry, kind)
    )


def _fits(entry: OperationEntry, kind: str) -> bool:
    if not kind or any(port.kind == kind for port in entry.inputs):
        return True
    needs = [port for port in entry.inputs if not port.optional]
    return kind == "midi" and not needs and any(port.kind == "midi" for port in entry.outputs)


def main_port(entry: OperationEntry, kind: str) -> Port | None:
    """Return the input that takes the selected item; None where the operation has none."""
    return next((port for port in entry.inputs if kind in ("", port.kind)), None)


def other_ports(entry: OperationEntry, kind: str) -> tuple[Port, ...]:
    """Return the other inputs, which the user chooses in the form."""
    main = main_port(entry, kind)
    return tuple(port for port in entry.inputs if port is not main)


def formats_of(entry: OperationEntry) -> tuple[str, ...]:
    """Return all formats that the outputs can be written in, each once."""
    return tuple(dict.fromkeys(form for port in entry.outputs for form in port.formats))


def session_formats(entry: OperationEntry) -> tuple[str, ...]:
    """Return the formats that the session reads the results from."""
    read = [
        READABLE[port.kind] for port in entry.outputs if READABLE.get(port.kind) in port.formats
    ]
    return tuple(dict.fromkeys(read))


def default_formats(entry: OperationEntry) -> tuple[str, ...]:
    """Return the formats that are written by default: the session's, else each output's first."""
    chosen = set(session_formats(entry))
    for port in entry.outputs:
        if not chosen & set(port.formats):
            chosen |= set(port.formats[:1])
    return tuple(form for form in formats_of(entry) if form in chosen)


def model_choices(studio: Studio, plugin: Plugin, entry: OperationEntry) -> list[ModelChoice]:
    """Return the models that an operation can use, the default first; [] where it needs none.

    Raises
    ------
    ModelError
        If it needs one, and none is installed.
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
    """Return the best model so far of each run that was trained from this profile."""
    return [found for run in run_folders(studio) if (found := _model_of_run(studio, run))]


def run_folders(studio: Studio) -> Iterator[Path]:
    """Yield the run folders of this profile's newest trainings, each once."""
    trainings = studio.jobs.list(RUNS, verb="train")
    yield from dict.fromkeys(
        Path(run) for row in trainings if (run := json.loads(row.spec)["arguments"].get("run"))
    )


def _model_of_run(studio: Studio, run: Path) -> FoundModel | None:
    if not (run / "model").is_dir():
        return None
    try:
        return studio.models.find(str(run))
    except ModelError:  # the run is being written, or was cut off: its page shows why
        return None


def _installed(
    usable: Sequence[FoundModel], plugin: Plugin, entry: OperationEntry
) -> list[ModelChoice]:
    """Return a choice for each model, the default first, and that one only once."""
    choices = [_choice(one, one.name) for one in usable]
    first = usable[0].name
    defaults = [m.name for m in plugin.manifest.models if entry.name in m.default_for]
    if len(usable) == 1 or first in defaults:
        default = ModelChoice("", f"{first} (default)", choices[0].help)
        return [default, *choices[1:]]
    names = ", ".join(one.name for one in usable)
    help = f"The operation picks one of these for the input: {names}."
    return [ModelChoice("", "Automatic (default)", help), *choices]


def _choice(found: FoundModel, value: str) -> ModelChoice:
    card = found.facts.card
    origin = {"file": "trained here", "imported": "imported"}.get(found.origin, found.origin)
    lines = (card.title, card.description, f"{found.facts.task}, {origin}")
    return ModelChoice(value, f"{found.name} ({origin})", "\n".join(filter(None, lines)))
