"""Checks that the code of a plugin agrees with its manifest."""

from collections.abc import Mapping
from typing import Any

from seqstudio.contracts.manifest import TaskEntry
from seqstudio.contracts.messages import PluginSource
from seqstudio.contracts.options import Option, options_of
from seqstudio.contracts.plain import to_plain
from seqstudio.contracts.task import Preset, Task, TrainConfig
from seqstudio.errors import PluginError
from seqstudio.host.jobs.train_settings import task_options, training_options


def check_task(entry: TaskEntry, task: Task) -> None:
    """Check a task's presets, and its settings with their types and values, against the manifest.

    Raises
    ------
    PluginError
        If they differ; the text names the first difference.
    """
    if entry.options is None:
        return
    if tuple(task.presets) != entry.presets:
        raise _mismatch("presets", list(task.presets), list(entry.presets))
    for name, preset in task.presets.items():
        _check_preset(entry, name, preset)


def _check_preset(entry: TaskEntry, name: str, preset: Preset) -> None:
    coded, declared = options_of(type(preset.options)), task_options(entry, name)
    if reserved := sorted(coded.keys() & options_of(TrainConfig).keys()):
        raise PluginError(f"option {reserved[0]!r} is every training's, expected another name")
    if coded.keys() != declared.keys():
        raise _mismatch("options", sorted(coded), sorted(declared))
    for option_name, option in coded.items():
        found, expected = _type_text(option), _type_text(declared[option_name])
        if found != expected:
            raise _mismatch(f"option {option_name!r}", found, expected)
    described = {**training_options(entry, name), **declared}
    if unknown := sorted(entry.preset_values.get(name, {}).keys() - described.keys()):
        raise PluginError(f"preset {name!r}: no setting {unknown[0]!r}, expected one there is")
    values = {**to_plain(preset.train), **to_plain(preset.options)}
    for setting, option in described.items():
        if values[setting] != to_plain(option.default):
            raise _mismatch(f"preset {name!r}: {setting}", values[setting], option.default)


def _type_text(option: Option) -> str:
    """Return the type of an option as text."""
    kind = " or ".join(map(repr, option.choices)) or option.type
    return f"several {kind}" if option.repeat else kind


def _mismatch(what: str, coded: Any, described: Any) -> PluginError:
    return PluginError(f"{what}: {coded!r} in the code, expected {described!r} as in the manifest")


def check_entries(source: PluginSource, section: str, found: Mapping[str, Any]) -> None:
    """Check what each object of a hook must say about itself: its kind, or its task.

    Raises
    ------
    PluginError
        If a kind or a task is not the manifest's, or a metric names no task.
    """
    declared = {entry["name"]: entry for entry in source.manifest.get(section, ())}
    for name, one in found.items():
        place = f"plugin {source.id!r}: seqstudio_{section}: {name!r}"
        attribute = "task" if section == "metrics" else "kind"
        coded, expected = getattr(one, attribute, ""), declared[name].get(attribute, "")
        if section == "metrics":
            if not (isinstance(coded, str) and coded):
                expectation = "the name of the task it is of"
                raise PluginError(f"{place}: task={coded!r}, expected {expectation}")
            expected = expected or coded  # the manifest need not say it
        if section in ("metrics", "importers", "exporters") and coded != expected:
            manifest = f"expected {expected!r} as in the manifest"
            raise PluginError(f"{place}: {attribute}={coded!r}, {manifest}")
