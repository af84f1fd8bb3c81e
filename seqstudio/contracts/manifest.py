"""The plugin manifest, `seqstudio.toml`: what the host knows before it runs a plugin's code."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Literal

from seqstudio.contracts.naming import check_unique, check_values, is_file_name, is_name
from seqstudio.contracts.options import Option
from seqstudio.contracts.plain import from_plain, short_repr
from seqstudio.errors import PluginError

API_VERSION = (1, 0)
ENTRY_POINT_GROUP = "seqstudio.plugins"  # of a plugin's package
MANIFEST_FILE = "seqstudio.toml"
RESERVED_IDS = frozenset(  # the host's own commands
    [
        *("app", "batch", "config", "demo", "doctor", "evaluate", "help", "jobs"),
        *("models", "plugins", "sessions", "train", "version"),
    ]
)
HOST_OPTIONS = frozenset(  # the options that every operation has
    [
        *("out", "recursive", "workers", "executor", "watch", "report", "format", "nice"),
        *("overwrite", "dry_run", "yes", "seed", "takes", "device", "model", "json", "help"),
    ]
)
SECTIONS = (
    *("operations", "tasks", "models", "recognisers", "importers", "exporters"),
    *("parts", "train_callbacks", "metrics"),
)

Kind = Literal[
    "audio",
    "midi",
    "text",
    "transcript",
    "table",
    "model",
    "data",  # a file or folder that the operation looks into itself
    "clip",
    "selection",
    "stream.audio",
    "stream.midi",
]
STREAMS = ("stream.audio", "stream.midi")


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """An input or output of an operation."""

    name: str
    kind: Kind
    many: bool = False
    optional: bool = False
    formats: tuple[str, ...] = ()  # outputs: file formats, the default first
    rate_hz: int = 0  # sample rate of stream.audio, required there; 0 for other kinds


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationEntry:
    """An operation, run as `seqstudio PLUGIN NAME`."""

    name: str
    title: str
    help: str = ""  # a longer text with an example
    task: str = ""  # the task whose models it runs; "" if it needs no model
    tasks: tuple[str, ...] = ()  # further tasks whose models it runs, the preferred first
    runs: Literal["batch", "single", "stream"] = "single"
    generative: bool = False
    deterministic: bool = True
    reason: str = ""  # why it is not deterministic
    inputs: tuple[Port, ...] = ()
    outputs: tuple[Port, ...] = ()
    options: Mapping[str, Option] = field(default_factory=dict)
    examples: tuple[str, ...] = ()  # shown in --help

    def stream_input(self) -> Port | None:
        """Return the input that is fed while the operation runs; None if it reads files only."""
        return next((port for port in self.inputs if port.kind in STREAMS), None)

    def model_tasks(self) -> tuple[str, ...]:
        """Return the tasks whose models this operation can run; empty if it needs no model."""
        return ((self.task,) if self.task else ()) + self.tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEntry:
    """A task that the plugin can train.

    If `options` is given, it lists all settings of the task, and `preset_values` lists every value
    by which a preset differs from the defaults of `options` and `TrainConfig`. A worker checks
    both against the code.
    """

    name: str
    title: str
    data: tuple[str, ...]  # kinds of data it takes from importers, those of other plugins too
    presets: tuple[str, ...]
    help: str = ""
    sample: str = ""  # a small data set in the package, on which `plugins verify` trains
    options: Mapping[str, Option] | None = None  # None: only the code knows them
    preset_values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """A model in the plugin's package; `sha256` is the hash of the bundle's `hashes.json`."""

    name: str
    task: str
    path: str
    sha256: str
    title: str = ""
    default_for: tuple[str, ...] = ()  # operations that use it unless the user chooses another


@dataclass(frozen=True, slots=True, kw_only=True)
class RecogniserEntry:
    """A recogniser from outside, chosen by its name, or by the folder of a model that it reads."""

    name: str
    task: str  # the task whose models it stands in for
    title: str = ""
    languages: tuple[str, ...] = ()  # BCP 47; () is many
    megabytes: int = 0  # of its model
    sha256: str = ""  # of its model
    licence: str = ""  # of its model
    needs: tuple[str, ...] = ()  # packages that must be importable
    install: str = ""  # the command that installs them
    files: tuple[str, ...] = ()  # a folder with these files is a model that it reads; `*` is any


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedEntry:
    """An importer, exporter, part, callback or metric that the plugin returns from a hook."""

    name: str
    kind: str = ""  # exporters: the kind they write; importers: the kind of data they read
    suffixes: tuple[str, ...] = ()
    sample: str = ""  # importers: small data in the package, on which `plugins verify` trains
    task: str = ""  # metrics: the task they measure; `plugins verify` trains it


@dataclass(frozen=True, slots=True, kw_only=True)
class Permissions:
    """What the plugin needs beyond the files of its jobs: a reason for each, or "".

    What is not named is not granted, where the system can enforce it.
    """

    gpu: str = ""  # to compute faster; not refused: the device of a job decides
    network: str = ""  # connections to other machines
    processes: str = ""  # other programs
    read: str = ""  # the user's files that are not an input of the job


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The contents of one `seqstudio.toml`."""

    schema: int
    id: str
    title: str
    api: str
    license: str
    help: str = ""
    permissions: Permissions = Permissions()
    tasks: tuple[TaskEntry, ...] = ()
    operations: tuple[OperationEntry, ...] = ()
    models: tuple[ModelEntry, ...] = ()
    recognisers: tuple[RecogniserEntry, ...] = ()
    importers: tuple[NamedEntry, ...] = ()
    exporters: tuple[NamedEntry, ...] = ()
    parts: tuple[NamedEntry, ...] = ()
    train_callbacks: tuple[NamedEntry, ...] = ()
    metrics: tuple[NamedEntry, ...] = ()


def parse_manifest(table: Mapping[str, Any], where: str) -> Manifest:
    """Check a manifest and return it.

    Parameters
    ----------
    table : the parsed TOML
    where : the file name, put at the start of every error

    Raises
    ------
    PluginError
        If a field is unknown, missing or of another type; if the schema or the API range does not
        match this host; if the id or an option name is reserved; if an option is malformed; if a
        name appears twice or is not a valid file name; if a text has invisible characters.
    """
    if (schema := table.get("schema")) != 1:
        raise PluginError(f"{where}: schema={schema!r}, expected 1")
    manifest = from_plain(Manifest, table, where, error=PluginError)
    if not is_name(manifest.id) or manifest.id in RESERVED_IDS:
        raise PluginError(
            f"{where}: id={manifest.id!r}, expected lower-case letters, digits and '-', "
            f"and none of the host's own commands"
        )
    check_api(manifest.api, where)
    for task in manifest.tasks:
        _check_task(task, manifest.id, where)
    for operation in manifest.operations:
        _check_operation(operation, where)
    for section in SECTIONS:
        check_unique((entry.name for entry in getattr(manifest, section)), f"{where}: {section}")
    _check_files(manifest, where)
    check_values(table, where)
    return manifest


def check_api(api: str, where: str) -> None:
    """Check that an API range such as `>=1.0,<2` includes this host's version.

    Raises
    ------
    PluginError
        If the range is malformed, or does not include this host's version.
    """
    have = ".".join(map(str, API_VERSION))
    for clause in api.replace(" ", "").split(","):
        sign = ">=" if clause.startswith(">=") else "<" if clause.startswith("<") else ""
        numbers = clause[len(sign) :].split(".")
        if not sign or not all(n.isdecimal() and n.isascii() and len(n) < 5 for n in numbers):
            raise PluginError(f"{where}: api={api!r}, expected a range such as '>=1.0,<2'")
        bound = tuple(map(int, numbers))
        if (bound > API_VERSION) if sign == ">=" else (bound <= API_VERSION):
            raise PluginError(f"{where}: api={api!r}, expected a range that holds {have}")


def _check_task(task: TaskEntry, plugin: str, where: str) -> None:
    place = f"{where}: task {task.name!r}"
    if not task.name.startswith(f"{plugin}."):
        raise PluginError(f"{place}, expected a name that begins with '{plugin}.'")
    for name, option in (task.options or {}).items():
        _check_option(name, option, place)
    for name in task.preset_values:
        if name not in task.presets:
            raise PluginError(f"{place}: values of preset {name!r}, expected one of its presets")
    if task.preset_values and task.options is None:
        raise PluginError(f"{place}: values of presets, expected options too")


def _check_operation(operation: OperationEntry, where: str) -> None:
    place = f"{where}: operation {operation.name!r}"
    if not is_name(operation.name):
        raise PluginError(f"{place}: expected lower-case letters, digits and '-'")
    if not operation.deterministic and not operation.reason:
        raise PluginError(f"{place}: deterministic=false, expected a reason")
    _check_streams(operation, place)
    for name, option in operation.options.items():
        if name in HOST_OPTIONS:
            raise PluginError(f"{place}: option {name!r} is the host's own, expected another name")
        _check_option(name, option, place)


def _check_option(name: str, option: Option, place: str) -> None:
    if not is_name(name.replace("_", "-")):
        raise PluginError(f"{place}: option {name!r}, expected lower-case letters and '_'")
    if (option.type == "choice") != bool(option.choices):
        raise PluginError(f"{place}: option {name!r}: expected choices with type 'choice' only")
    if not option.accepts(option.default):
        value, kind = short_repr(option.default), option.type
        raise PluginError(f"{place}: option {name!r}: default={value}, expected {kind}")
    if option.required and option.default is not None:
        value = short_repr(option.default)
        raise PluginError(f"{place}: option {name!r}: default={value}, expected none if required")


def _check_files(manifest: Manifest, where: str) -> None:
    """Check the names that become file names, and that paths stay inside the package."""
    names = [entry.name for entry in manifest.models]
    names += [entry.name for entry in manifest.exporters]
    for operation in manifest.operations:
        for ports in (operation.inputs, operation.outputs):
            check_unique((port.name for port in ports), f"{where}: operation {operation.name!r}")
            names += [name for port in ports for name in (port.name, *port.formats)]
    for name in names:
        if not is_file_name(name):
            raise PluginError(f"{where}: name {name!r}, expected one that a file can have")
    paths = [(f"model {model.name!r}: path", model.path) for model in manifest.models]
    paths += [(f"task {task.name!r}: sample", task.sample) for task in manifest.tasks]
    paths += [(f"importer {one.name!r}: sample", one.sample) for one in manifest.importers]
    for place, text in paths:
        path = PurePosixPath(text)
        if path.is_absolute() or ".." in path.parts:
            raise PluginError(f"{where}: {place}={text!r}, expected one in the package")


def _check_streams(operation: OperationEntry, place: str) -> None:
    """Check that streams match `runs`, and that audio streams have a sample rate."""
    streams = [port.name for port in operation.inputs if port.kind in STREAMS]
    if len(streams) != (1 if operation.runs == "stream" else 0):
        wanted = f"one input of kind {' or '.join(STREAMS)} with runs='stream', none without"
        raise PluginError(f"{place}: runs={operation.runs!r}, streams {streams}, expected {wanted}")
    for port in operation.inputs:
        if (port.kind == "stream.audio") != (port.rate_hz > 0):
            wanted = "samples a second with kind 'stream.audio' only"
            raise PluginError(f"{place}: {port.name}: rate_hz={port.rate_hz}, expected {wanted}")
    for port in operation.outputs:
        if port.kind in STREAMS or port.rate_hz:
            raise PluginError(f"{place}: output {port.name}: kind={port.kind!r}, expected a file's")
