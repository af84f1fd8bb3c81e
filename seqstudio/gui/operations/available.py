"""The installed operations for a kind of input, with their models and formats."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from seqstudio.contracts.manifest import OperationEntry, Port
from seqstudio.errors import DataError, ModelError
from seqstudio.gui.workspace.results import READABLE, SHOWN
from seqstudio.host.catalogue.catalogue import Catalogue, Plugin, is_built_in
from seqstudio.host.catalogue.models import FoundModel
from seqstudio.host.catalogue.recognisers import named_recognisers
from seqstudio.host.jobs.spec import TRAININGS
from seqstudio.host.studio import Studio
from seqstudio.services.judgement import read_judgement

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
    """Return the operations that take a kind, or need nothing of the session and make it.

    At the end come those of the same plugins that read data only: files and folders from outside.

    Those of the built-in plugins come first, and those that make music of what is none come after
    the others, as their result opens on another page. Streaming operations are left out: they have
    no file to run on.
    """
    built_in_first = sorted(
        catalogue.plugins, key=lambda p: (not is_built_in(p.distribution), p.id)
    )
    found = [
        AvailableOperation(plugin.id, plugin.title, entry)
        for plugin in built_in_first
        for entry in plugin.manifest.operations
        if entry.stream_input() is None
    ]
    fitting = [one for one in found if _fits(one.entry, kind)]
    fitting.sort(key=lambda one: kind != "" and _becomes_music(one.entry, kind))
    plugins = {one.plugin for one in fitting}
    beside = [one for one in found if one.plugin in plugins and one not in fitting]
    return (*fitting, *(one for one in beside if _reads_data(one.entry)))


def _fits(entry: OperationEntry, kind: str) -> bool:
    if not kind or any(port.kind == kind for port in entry.inputs):
        return True
    needs = [port for port in entry.inputs if not port.optional]
    return not needs and any(port.kind == kind for port in entry.outputs)


def _becomes_music(entry: OperationEntry, kind: str) -> bool:
    return kind != "midi" and any(port.kind == "midi" for port in entry.outputs)


def _reads_data(entry: OperationEntry) -> bool:
    kinds = [port.kind for port in entry.inputs if not port.optional]
    return bool(kinds) and set(kinds) == {"data"}


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
    """Return the formats that the session reads the results from, or shows."""
    read = [
        form
        for port in entry.outputs
        for form in (READABLE.get(port.kind, ""), SHOWN.get(port.kind, ""))
        if form in port.formats
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
    """Return the models and recognisers that an operation can use; [] where it needs none.

    The default is the first.

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
    others = [*trained, *_recognisers(studio.catalogue, tasks)]
    try:
        usable = studio.models.usable(plugin, entry, "")
    except ModelError:
        if not others:
            raise
        return others
    return [*_installed(usable, plugin, entry), *others]


def _recognisers(catalogue: Catalogue, tasks: Sequence[str]) -> list[ModelChoice]:
    """Return a choice for each recogniser of a plugin that has all it needs."""
    return [
        ModelChoice(
            found.entry.name,
            f"{found.entry.name} ({found.plugin.title})",
            f"{found.entry.title}\nLanguages: {', '.join(found.entry.languages) or 'many'}",
        )
        for found in named_recognisers(catalogue)
        if found.entry.task in tasks and not found.missing
    ]


def trained_models(studio: Studio) -> list[FoundModel]:
    """Return the best model so far of each run that was trained from this profile.

    Of a run that learned from corrections, what it learned, once that is kept.
    """
    return [found for run in run_folders(studio) if (found := _model_of_run(studio, run))]


def newest_learned(studio: Studio, choices: Sequence[ModelChoice]) -> str:
    """Return the choice that learned from corrections last and was kept; "" if there is none."""
    values = {choice.value for choice in choices}
    runs = (str(run) for run, verb in _runs(studio).items() if verb == "learn")
    return next((run for run in runs if run in values), "")


def run_folders(studio: Studio) -> Iterator[Path]:
    """Yield the run folders of this profile's newest trainings, each once."""
    for run, verb in _runs(studio).items():
        if verb == "train" or _is_kept(run):
            yield run


def _runs(studio: Studio) -> Mapping[Path, str]:
    """Return the verb of each run folder of the newest trainings."""
    found: dict[Path, str] = {}
    for row in studio.jobs.list(RUNS, verbs=TRAININGS):
        if run := json.loads(row.spec)["arguments"].get("run"):
            found.setdefault(Path(run), row.verb)
    return found


def _is_kept(run: Path) -> bool:
    try:
        judgement = read_judgement(run)
    except DataError:  # its page shows why
        return False
    return judgement is not None and judgement.kept


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
