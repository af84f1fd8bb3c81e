"""Settings of the form `key=value`, as in `--set`, parsed by the types of a preset's fields."""

import dataclasses
import difflib
import json
import types
import typing
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from seqstudio.contracts.plain import from_plain, type_hints
from seqstudio.contracts.task import Preset
from seqstudio.errors import ConfigError


def apply_settings(preset: Preset, settings: Sequence[str]) -> Preset:
    """Return a preset with the settings applied.

    A key is a field of `TrainConfig` or of the task's options.

    Raises
    ------
    ConfigError
        As `parse_settings`, or if a value is out of range.
    """
    values = parse_settings(settings, _fields(preset.options) | _fields(preset.train))
    training = {name: value for name, value in values.items() if name in _fields(preset.train)}
    options = {name: value for name, value in values.items() if name not in training}
    try:
        return Preset(
            train=dataclasses.replace(preset.train, **training),
            options=dataclasses.replace(typing.cast(Any, preset.options), **options),
        )
    except ConfigError as error:
        raise ConfigError(f"settings {' '.join(settings)}: {error}") from error


def parse_settings(settings: Sequence[str], kinds: Mapping[str, Any]) -> dict[str, Any]:
    """Parse each `key=value` as the type of its key.

    Raises
    ------
    ConfigError
        If a text has no `=`, a key is unknown (the text suggests similar ones) or there twice, or a
        value has another type.
    """
    values: dict[str, Any] = {}
    for text in settings:
        key, equals, value = text.partition("=")
        key = key.strip()
        if not equals:
            raise ConfigError(f"setting {text!r}, expected key=value")
        if key not in kinds:
            raise ConfigError(f"setting {key!r} is unknown, expected {_suggestion(key, kinds)}")
        if key in values:  # of a list meant so, only the last part would count
            hint = f", or with commas: {key}=1,2" if "tuple" in str(kinds[key]) else ""
            raise ConfigError(f"setting {key!r} is given twice, expected once{hint}")
        values[key] = parse_value(kinds[key], value.strip(), key)
    return values


def find_preset(presets: Mapping[str, Preset], name: str) -> Preset:
    """Return the preset with this name, or the first one if `name` is "".

    Raises
    ------
    ConfigError
        If there is none with this name.
    """
    if not name:
        return next(iter(presets.values()))
    check_preset(presets, name)
    return presets[name]


def check_preset(presets: Collection[str], name: str) -> None:
    """Check that there is a preset with this name.

    Raises
    ------
    ConfigError
        If there is none; the text lists the presets.
    """
    if name not in presets:
        raise ConfigError(f"preset {name!r} is unknown, expected one of {', '.join(presets)}")


def parse_value(kind: Any, text: str, key: str) -> Any:
    """Parse `text` as a field's type: tuples with commas, mappings as JSON, bools as true or false.

    >>> parse_value(tuple[int, ...], "1,2", "lags"), parse_value(bool, "false", "flip")
    ((1, 2), False)
    """
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return _parse_union(arguments, text, key)
    if origin is tuple:
        items = [item.strip() for item in text.split(",")] if text else []
        inner = [arguments[0]] * len(items) if arguments[-1] is Ellipsis else list(arguments)
        if len(inner) != len(items):
            raise ConfigError(f"{key}={text!r}, expected {len(inner)} values with commas")
        return tuple(parse_value(k, item, key) for k, item in zip(inner, items, strict=True))
    if kind is bool:
        if text not in ("true", "false"):
            raise ConfigError(f"{key}={text!r}, expected true or false")
        return text == "true"
    if kind in (str, Path) or origin is typing.Literal:
        return from_plain(kind, _literal(arguments, text), key)
    return from_plain(kind, _json(text, kind, key), key)


def _parse_union(choices: Any, text: str, key: str) -> Any:
    if text == "none" and types.NoneType in choices:
        return None
    kinds = [kind for kind in choices if kind is not types.NoneType]
    for kind in kinds[:-1]:
        try:
            return parse_value(kind, text, key)
        except ConfigError:
            continue  # the next type of the union may fit
    return parse_value(kinds[-1], text, key)


def _literal(choices: Sequence[Any], text: str) -> Any:
    return next((choice for choice in choices if str(choice) == text), text)


def _json(text: str, kind: Any, key: str) -> Any:
    try:
        return kind(text) if kind in (int, float) else json.loads(text)
    except ValueError as error:
        name = getattr(kind, "__name__", str(kind))
        raise ConfigError(f"{key}={text!r}, expected {name}") from error


def _fields(value: Any) -> dict[str, Any]:
    hints: dict[str, Any] = type_hints(type(value))  # type: ignore[arg-type]  # a class is hashable
    return {field.name: hints[field.name] for field in dataclasses.fields(value)}


def _suggestion(key: str, known: Mapping[str, Any]) -> str:
    similar: list[str] = difflib.get_close_matches(key, known, n=3, cutoff=0.5)
    if len(similar) == 1:
        return similar[0]
    return f"one of {', '.join(similar or sorted(known))}"
