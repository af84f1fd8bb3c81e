"""What a person asks for when they train: checked as far as can be without a plugin's code."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from seqstudio.contracts.manifest import TaskEntry
from seqstudio.errors import ConfigError, TrainingError
from seqstudio.host.catalogue.catalogue import Catalogue
from seqstudio.host.jobs.inputs import SUFFIXES
from seqstudio.host.jobs.train_settings import check_settings, setting_text
from seqstudio.host.studio import JobSpec
from seqstudio.services.runs import check_new

LISTINGS = frozenset({".tsv", ".csv", ".json", ".jsonl"})  # files that may name data elsewhere
LOOKED_AT = 100_000  # files and folders of the data


@dataclass(frozen=True, slots=True)
class TaskChoice:
    """A task that an installed plugin can train."""

    plugin: str
    entry: TaskEntry
    suffixes: frozenset[str]  # of its data; empty where the manifests do not say

    @property
    def name(self) -> str:
        """As the command line knows it."""
        return self.entry.name


def task_choices(catalogue: Catalogue) -> tuple[TaskChoice, ...]:
    """Give the tasks of all plugins, in their order."""
    return tuple(
        TaskChoice(plugin.id, entry, _suffixes(entry, catalogue))
        for plugin in catalogue.plugins
        for entry in plugin.manifest.tasks
    )


def find_choice(choices: tuple[TaskChoice, ...], name: str) -> TaskChoice | None:
    """Give the task of a name; None where no plugin brings it."""
    return next((one for one in choices if one.name == name), None)


def suited(data: Path, choices: tuple[TaskChoice, ...]) -> tuple[TaskChoice, ...]:
    """Give the tasks that some file of the data is for; call it on a thread."""
    found = suffixes_in(data)
    return tuple(one for one in choices if one.suffixes & found)


def suffixes_in(data: Path) -> frozenset[str]:
    """Collect the suffixes of a file, or of the files in a folder: as many as take seconds."""
    paths = islice(data.rglob("*"), LOOKED_AT) if data.is_dir() else [data]
    return frozenset(path.suffix.lower() for path in paths if path.is_file())


def _suffixes(entry: TaskEntry, catalogue: Catalogue) -> frozenset[str]:
    """Collect the suffixes of a task's data; none if one of its kinds is of unknown suffix."""
    found: set[str] = set()
    for kind in entry.data:
        known = {
            f".{suffix.lstrip('.')}"
            for plugin in catalogue.plugins
            for one in plugin.manifest.importers
            if one.kind == kind
            for suffix in one.suffixes
        }
        known.update(SUFFIXES.get(kind.partition("+")[0], ()))
        if not known:
            return frozenset()
        found |= known
    return frozenset(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The form of a new run, as it stands; what is not set is the preset's."""

    task: str = ""
    preset: str = ""
    data: Path | None = None
    name: str = ""
    place: Path | None = None  # the folder that the run's folder is made in
    values: Mapping[str, Any] = field(default_factory=dict)  # of settings that are described
    settings: tuple[tuple[str, str], ...] = ()  # names and values of others, as they were typed

    @property
    def run(self) -> Path | None:
        """The run's folder, once it has a place and a name."""
        return self.place / self.name if self.place and self.name else None

    def all_settings(self) -> tuple[str, ...]:
        """Write every setting as `--set` takes it."""
        return (
            *(f"{name}={setting_text(value)}" for name, value in self.values.items()),
            *(f"{name.strip()}={value.strip()}" for name, value in self.settings),
        )


def faults(request: Request, choices: tuple[TaskChoice, ...]) -> dict[str, str]:
    """Say what is wrong, by field: "task", "data", "name", or "set.NAME" for a setting.

    Looks at the disk; call it on a thread where the data may be large.
    """
    found: dict[str, str] = {}
    choice = find_choice(choices, request.task)
    if choice is None:
        found["task"] = "Choose what to train."
    if reason := _data_fault(request.data, choice):
        found["data"] = reason
    if reason := _run_fault(request):
        found["name"] = reason
    for name, value in request.settings:
        if choice and (reason := setting_fault(choice.entry, name.strip(), value.strip())):
            found[f"set.{name.strip()}"] = reason
    return found


def _data_fault(data: Path | None, choice: TaskChoice | None) -> str:
    if data is None:
        return "Choose the folder or file to learn from."
    if not data.exists():
        return f"{data}: not there, expected a folder or file of data."
    if data.is_file():
        return ""
    suffixes = suffixes_in(data)
    if not suffixes:
        return f"{data} is empty, expected data to learn from."
    if choice and choice.suffixes and not suffixes & (choice.suffixes | LISTINGS):
        wanted = ", ".join(sorted(choice.suffixes))
        return f"{data.name} holds nothing for {choice.entry.title}, expected files in {wanted}."
    return ""


def _run_fault(request: Request) -> str:
    if not request.name.strip():
        return "Give the run a name."
    if Path(request.name).name != request.name or request.name.startswith("."):
        return f"{request.name!r}: expected a plain name, without '/'."
    if request.run is None:
        return "Choose the folder for the run."
    try:
        check_new(request.run)
    except TrainingError:
        return f"There is a {request.name!r} in {request.run.parent} already: choose another name."
    return ""


def setting_fault(task: TaskEntry, name: str, value: str) -> str:
    """Check one setting that was typed as text, as far as the task's manifest tells."""
    if not name.isidentifier():
        return f"{name or 'A setting'}: expected a name such as learning_rate."
    if not value:
        return f"{name}: expected a value."
    try:
        check_settings(task, [f"{name}={value}"])
    except ConfigError as bad:
        return f"{bad}."
    return ""


def field_of(reason: str, request: Request) -> str:
    """Give the field that a worker's refusal belongs to, "" where it is none's."""
    if unknown := re.search(r"setting '(\w+)'", reason):
        return f"set.{unknown[1]}"
    if reason.startswith("settings ") and (bad := re.search(r": (\w+)=", reason)):
        return f"set.{bad[1]}"
    names = [*request.values, *(name.strip() for name, _ in request.settings)]
    if (name := reason.partition("=")[0]) in names:
        return f"set.{name}"
    if request.run and reason.startswith(str(request.run)):
        return "name"
    if request.data and str(request.data) in reason:
        return "data"
    return "data" if re.search(r"\bsplit\b|training example|valid example", reason) else ""


def short(reason: str) -> str:
    """Leave out of a refusal the settings that were fine.

    >>> short("settings epochs=3 crop=4: crop=4, expected 0, or more than lead=8")
    'crop=4, expected 0, or more than lead=8'
    """
    return re.sub(r"^settings .*?: ", "", reason)


def training_spec(request: Request, choice: TaskChoice) -> JobSpec:
    """Make the job of a new run, as `seqstudio train` makes it."""
    return _spec(choice, request.data, request.run, request.preset, request.all_settings())


def resuming_spec(choice: TaskChoice, data: Path, run: Path) -> JobSpec:
    """Make the job that goes on with a run; it keeps its own settings."""
    return _spec(choice, data, run, "", (), resume=True)


def _spec(
    choice: TaskChoice,
    data: Path | None,
    run: Path | None,
    preset: str,
    settings: tuple[str, ...],
    *,
    resume: bool = False,
) -> JobSpec:
    if data is None or run is None:
        raise ConfigError("a run without data or folder, expected both")
    arguments = {
        "data": str(data.absolute()),
        "run": str(run.absolute()),
        "preset": preset,
        "settings": settings,
        "resume": resume,
    }
    return JobSpec(plugin=choice.plugin, verb="train", name=choice.name, arguments=arguments)


def free_name(place: Path, wanted: str) -> str:
    """Give the wanted name, with a number behind it where it is taken."""
    name, number = wanted, 2
    while (place / name).exists():
        name, number = f"{wanted}-{number}", number + 1
    return name
