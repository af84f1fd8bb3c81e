"""A task's code held against what its manifest says of it."""

from typing import Any

from seqstudio.contracts.manifest import TaskEntry
from seqstudio.contracts.options import Option, options_of
from seqstudio.contracts.plain import to_plain
from seqstudio.contracts.task import Preset, Task, TrainConfig
from seqstudio.errors import PluginError
from seqstudio.host.jobs.train_settings import own_options, training_options


def check_described(entry: TaskEntry, task: Task) -> None:
    """See that presets, and the settings with their types and values, are as they are described.

    Raises
    ------
    PluginError
        Naming the first that differs, as the code has it and as the manifest says.
    """
    if entry.options is None:
        return
    if tuple(task.presets) != entry.presets:
        raise _differs("presets", list(task.presets), list(entry.presets))
    for name, preset in task.presets.items():
        _check_preset(entry, name, preset)


def _check_preset(entry: TaskEntry, name: str, preset: Preset) -> None:
    coded, own = options_of(type(preset.options)), own_options(entry, name)
    if taken := sorted(coded.keys() & options_of(TrainConfig).keys()):
        raise PluginError(f"option {taken[0]!r} is every training's, expected another name")
    if coded.keys() != own.keys():
        raise _differs("options", sorted(coded), sorted(own))
    for option in coded:
        if _shape(coded[option]) != _shape(own[option]):
            raise _differs(f"option {option!r}", _shape(coded[option]), _shape(own[option]))
    described = {**training_options(entry, name), **own}
    if strange := sorted(entry.preset_values.get(name, {}).keys() - described.keys()):
        raise PluginError(f"preset {name!r}: no setting {strange[0]!r}, expected one there is")
    values = {**to_plain(preset.train), **to_plain(preset.options)}
    for setting, as_told in described.items():
        if values[setting] != to_plain(as_told.default):
            raise _differs(f"preset {name!r}: {setting}", values[setting], as_told.default)


def _shape(option: Option) -> str:
    """Say of which type an option is."""
    kind = " or ".join(map(repr, option.choices)) or option.type
    return f"several {kind}" if option.repeat else kind


def _differs(what: str, coded: Any, described: Any) -> PluginError:
    return PluginError(f"{what}: {coded!r} in the code, expected {described!r} as in the manifest")
