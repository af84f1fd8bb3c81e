"""The settings of a training as manifests describe them, for help, forms and early refusals."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from seqstudio.contracts.manifest import TaskEntry
from seqstudio.contracts.options import Option, options_of
from seqstudio.contracts.task import TrainConfig
from seqstudio.services.settings import read_settings


def training_options(task: TaskEntry, preset: str = "") -> dict[str, Option]:
    """Give the settings of every training, with what a preset of the task sets as defaults.

    Parameters
    ----------
    task : where it does not describe its presets, nothing is known of their values: None
    preset : "" takes the first
    """
    options = options_of(TrainConfig)
    if task.options is None:
        return {name: replace(option, default=None) for name, option in options.items()}
    return _in_preset(options, task, preset)


def own_options(task: TaskEntry, preset: str = "") -> dict[str, Option]:
    """Give the task's own settings, with a preset's values as defaults; none if not described."""
    return _in_preset(task.options or {}, task, preset)


def check_settings(task: TaskEntry, settings: Sequence[str]) -> None:
    """See that each `name=value` is a setting, of its type and in its range.

    What a task does not describe is left to its code.

    Raises
    ------
    ConfigError
        If one is not; near names are named.
    """
    options = {**training_options(task), **own_options(task)}
    if task.options is None:
        settings = [text for text in settings if text.partition("=")[0].strip() in options]
    for name, value in read_settings(settings, {n: o.kind for n, o in options.items()}).items():
        for one in value if options[name].repeat else (value,):
            options[name].check(name, one)


def setting_text(value: Any) -> str:
    """Write a value as `--set` takes it.

    >>> setting_text([0.9, 1.0]), setting_text(False)
    ('0.9,1.0', 'false')
    """
    if isinstance(value, (list, tuple)):
        return ",".join(map(setting_text, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _in_preset(options: Mapping[str, Option], task: TaskEntry, preset: str) -> dict[str, Option]:
    values = task.preset_values.get(preset or next(iter(task.presets), ""), {})
    return {
        name: replace(option, default=values.get(name, option.default))
        for name, option in options.items()
    }
