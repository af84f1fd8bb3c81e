"""The settings of a training as manifests describe them, for help, forms and early checks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from seqstudio.contracts.manifest import TaskEntry
from seqstudio.contracts.options import Option, options_of
from seqstudio.contracts.task import TrainConfig
from seqstudio.services.settings import parse_settings


def training_options(task: TaskEntry, preset: str = "") -> dict[str, Option]:
    """Return the settings that every training has, with a preset's values as defaults.

    Parameters
    ----------
    task : if it does not describe its presets, the defaults are None
    preset : "" selects the first
    """
    options = options_of(TrainConfig)
    if task.options is None:
        return {name: replace(option, default=None) for name, option in options.items()}
    return _in_preset(options, task, preset)


def task_options(task: TaskEntry, preset: str = "") -> dict[str, Option]:
    """Return the task's own settings, with a preset's values as defaults; {} if not described."""
    return _in_preset(task.options or {}, task, preset)


def check_settings(task: TaskEntry, settings: Sequence[str]) -> None:
    """Check that each `name=value` is a known setting, of its type and in its range.

    Settings that a task does not describe are left to its code to check.

    Raises
    ------
    ConfigError
        If one is not; the text suggests similar names.
    """
    options = {**training_options(task), **task_options(task)}
    if task.options is None:
        settings = [text for text in settings if text.partition("=")[0].strip() in options]
    for name, value in parse_settings(
        settings, {n: o.python_type for n, o in options.items()}
    ).items():
        for one in value if options[name].repeat else (value,):
            options[name].check(name, one)


def setting_text(value: Any) -> str:
    """Return a value as `--set` accepts it.

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
