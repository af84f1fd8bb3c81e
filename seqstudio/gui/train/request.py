"""The request for a new training run, checked as far as possible without a plugin's code."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
MAX_ENTRIES = 100_000  # files and folders of the data that are examined


@dataclass(frozen=True, slots=True)
class TaskChoice:
    """A task that an installed plugin can train."""

    plugin: str
    entry: TaskEntry
    suffixes: frozenset[str]  # of its data; empty if the manifests do not list them

    @property
    def name(self) -> str:
        """The task's name on the command line."""
        return self.entry.name


def task_choices(catalogue: Catalogue) -> tuple[TaskChoice, ...]:
    """Return the tasks of all plugins, in order."""
    return tuple(
        TaskChoice(plugin.id, entry, _suffixes(entry, catalogue))
        for plugin in catalogue.plugins
        for entry in plugin.manifest.tasks
    )


def find_choice(choices: tuple[TaskChoice, ...], name: str) -> TaskChoice | None:
    """Return the task of a name; None if no plugin has it."""
    return next((one for one in choices if one.name == name), None)


def matching_tasks(data: Path, choices: tuple[TaskChoice, ...]) -> tuple[TaskChoice, ...]:
    """Return the tasks that can use some file of the data; call it on a thread."""
    found = suffixes_in(data)
    return tuple(one for one in choices if one.suffixes & found)


def suffixes_in(data: Path) -> frozenset[str]:
    """Return the suffixes of a file, or of the first `MAX_ENTRIES` files in a folder."""
    paths = islice(data.rglob("*"), MAX_ENTRIES) if data.is_dir() else [data]
    return frozenset(path.suffix.lower() for path in paths if path.is_file())


def _suffixes(entry: TaskEntry, catalogue: Catalogue) -> frozenset[str]:
    """Return the suffixes of a task's data; none if the suffixes of one kind are unknown."""
    found: set[str] = set()
    for kind in entry.data:
        known = {
            f".{suffix.lstrip('.').lower()}"
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
class TrainRequest:
    """The contents of the form; settings that are not set take the preset's values."""

    task: str = ""
    preset: str = ""
    data: Path | None = None
    name: str = ""
    place: Path | None = None  # the parent of the run's folder
    values: Mapping[str, Any] = field(default_factory=dict)  # of the settings in the manifest
    settings: tuple[tuple[str, str], ...] = ()  # names and values of other settings, as typed
    base: str = ""  # model whose weights it starts from: a name, a bundle or a run; "" for none
    processes: int = 1  # that train together

    @property
    def run(self) -> Path | None:
        """The run's folder; None without a place or a name."""
        return self.place / self.name if self.place and self.name else None

    def setting_arguments(self) -> tuple[str, ...]:
        """Write all settings as arguments of `--set`."""
        return (
            *(f"{name}={setting_text(value)}" for name, value in self.values.items()),
            *(f"{name.strip()}={value.strip()}" for name, value in self.settings),
        )


def find_errors(request: TrainRequest, choices: tuple[TaskChoice, ...]) -> dict[str, str]:
    """Return the errors by field: "task", "data", "name", or "set.NAME" for a setting.

    Reads the disk: call it on a thread, as the data may be large.
    """
    found: dict[str, str] = {}
    choice = find_choice(choices, request.task)
    if choice is None:
        found["task"] = "Choose a task."
    if reason := _data_error(request.data, choice):
        found["data"] = reason
    if reason := _run_error(request):
        found["name"] = reason
    for name, value in request.settings:
        if choice and (reason := setting_error(choice.entry, name.strip(), value.strip())):
            found[f"set.{name.strip()}"] = reason
    return found


def _data_error(data: Path | None, choice: TaskChoice | None) -> str:
    if data is None:
        return "Choose the folder or file of training data."
    if not data.exists():
        return f"{data}: not found, expected a folder or file of data."
    if data.is_file():
        return ""
    suffixes = suffixes_in(data)
    if not suffixes:
        return f"{data} is empty, expected training data."
    if choice and choice.suffixes and not suffixes & (choice.suffixes | LISTINGS):
        return f"{data.name} has no data for {choice.entry.title}. {choice.entry.help}"
    return ""


def _run_error(request: TrainRequest) -> str:
    if not request.name.strip():
        return "Enter a name for the run."
    if Path(request.name).name != request.name or request.name.startswith("."):
        return f"{request.name!r}: expected a plain name, without '/'."
    if request.run is None:
        return "Choose the folder for the run."
    try:
        check_new(request.run)
    except TrainingError:
        return f"{request.run.parent} already contains {request.name!r}: choose another name."
    return ""


def setting_error(task: TaskEntry, name: str, value: str) -> str:
    """Check one setting that was typed as text, as far as the task's manifest allows."""
    if not name.isidentifier():
        return f"{name or 'A setting'}: expected a name such as learning_rate."
    if not value:
        return f"{name}: expected a value."
    try:
        check_settings(task, [f"{name}={value}"])
    except ConfigError as error:
        return f"{error}."
    return ""


def field_for_error(reason: str, request: TrainRequest) -> str:
    """Return the field that a worker's error is about; "" if it is about none."""
    if unknown := re.search(r"setting '(\w+)'", reason):
        return f"set.{unknown[1]}"
    if reason.startswith("settings ") and (invalid := re.search(r": (\w+)=", reason)):
        return f"set.{invalid[1]}"
    names = [*request.values, *(name.strip() for name, _ in request.settings)]
    if (name := reason.partition("=")[0]) in names:
        return f"set.{name}"
    if request.run and reason.startswith(str(request.run)):
        return "name"
    if request.data and str(request.data) in reason:
        return "data"
    return "data" if re.search(r"\bsplit\b|training example|valid example", reason) else ""


def without_settings(reason: str) -> str:
    """Remove the list of all settings from the start of an error.

    >>> without_settings("settings epochs=3 crop=4: crop=4, expected 0, or more than lead=8")
    'crop=4, expected 0, or more than lead=8'
    """
    return re.sub(r"^settings .*?: ", "", reason)


def train_spec(request: TrainRequest, choice: TaskChoice) -> JobSpec:
    """Return the job of a new run, the same as `seqstudio train` makes."""
    spec = _spec(choice, request.data, request.run, request.preset, request.setting_arguments())
    processes = request.processes if request.processes > 1 else 0  # 0: without torchrun
    return replace(spec, model=request.base, arguments={**spec.arguments, "processes": processes})


def resume_spec(choice: TaskChoice, data: Path, run: Path) -> JobSpec:
    """Return the job that resumes a run with its own settings."""
    return _spec(choice, data, run, "", (), resume=True)


def resume_learning_spec(choice: TaskChoice, data: Path, run: Path) -> JobSpec:
    """Return the job that goes on to learn from corrections, the same as `--resume` makes."""
    arguments = {"data": str(data.absolute()), "run": str(run.absolute()), "resume": True}
    return JobSpec(plugin=choice.plugin, verb="learn", name=choice.name, arguments=arguments)


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
    """Return the wanted name, with a number added if it is taken."""
    name, number = wanted, 2
    while (place / name).exists():
        name, number = f"{wanted}-{number}", number + 1
    return name
