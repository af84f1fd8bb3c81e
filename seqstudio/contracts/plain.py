"""Frozen dataclasses to plain JSON values and back, strictly: the one converter at every boundary.

Used for manifests, model configurations, bundles, jobs and worker messages. It imports nothing
outside the standard library, because the command line's help is drawn through it.
"""

import dataclasses
import functools
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar, Union

from seqstudio.errors import ConfigError, SeqStudioError

T = TypeVar("T")

type_hints = functools.cache(typing.get_type_hints)


def to_plain(value: Any) -> Any:
    """Turn dataclasses, tuples, mappings and paths into JSON values; fields keep their order."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def from_plain(
    kind: type[T], value: Any, where: str, *, error: type[SeqStudioError] = ConfigError
) -> T:
    """Build a `kind` from JSON values, refusing what does not fit.

    Parameters
    ----------
    kind : a dataclass, or any type that a dataclass field here may have: bool, int, float, str,
        Path, Any, Literal, tuple[X, ...], Mapping[str, X], X | None
    value : what `json.loads` or `tomllib.loads` gave
    where : the name of the place, which begins every error
    error : the class to raise

    Raises
    ------
    error
        If a field is unknown or missing, or a value has another type; the text names the place
        down to the field, the value, and what was expected.

    >>> from_plain(tuple[int, ...], [1, "b"], "notes")
    Traceback (most recent call last):
    ...
    seqstudio.errors.ConfigError: notes[1]='b', expected int
    """
    read = _dataclass if dataclasses.is_dataclass(kind) else _value
    return typing.cast(T, read(kind, value, where, error))


def shown(value: Any) -> str:
    """Write a value for an error's one line, cut where it is long.

    >>> shown([1, "b"]), len(shown(list(range(1000))))
    ("[1, 'b']", 80)
    """
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _dataclass(kind: Any, value: Any, where: str, error: type[SeqStudioError]) -> Any:
    if not isinstance(value, Mapping):
        raise error(f"{where}={shown(value)}, expected a table with the fields of {kind.__name__}")
    fields = {f.name: f for f in dataclasses.fields(kind) if f.init}
    for name in value:
        if name not in fields:
            raise error(f"{where}: unknown field {name!r}, expected one of {', '.join(fields)}")
    for name, field in fields.items():
        required = field.default is dataclasses.MISSING
        if name not in value and required and field.default_factory is dataclasses.MISSING:
            raise error(f"{where}: no field {name!r}, expected one")
    hints = type_hints(kind)
    given = {
        name: from_plain(hints[name], item, f"{where}.{name}", error=error)
        for name, item in value.items()
    }
    try:
        return kind(**given)
    except SeqStudioError as bad:
        raise error(f"{where}: {bad}") from bad


def _value(kind: Any, value: Any, where: str, error: type[SeqStudioError]) -> Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return value
    if origin in (Union, types.UnionType):
        return _union(arguments, value, where, error)
    if origin is Literal:
        if value in arguments:
            return value
        raise error(f"{where}={shown(value)}, expected one of {', '.join(map(repr, arguments))}")
    if origin is tuple and isinstance(value, (list, tuple)):
        if len(arguments) != 2 or arguments[1] is not Ellipsis:
            return _fixed_tuple(arguments, value, where, error)
        items = enumerate(value)
        return tuple(from_plain(arguments[0], x, f"{where}[{n}]", error=error) for n, x in items)
    if isinstance(origin, type) and issubclass(origin, Mapping) and isinstance(value, Mapping):
        return {
            str(key): from_plain(arguments[1], item, f"{where}.{key}", error=error)
            for key, item in value.items()
        }
    return _scalar(kind, value, where, error)


def _fixed_tuple(arguments: Any, value: Any, where: str, error: type[SeqStudioError]) -> Any:
    if len(value) != len(arguments):
        raise error(f"{where} has {len(value)} items, expected {len(arguments)}")
    pairs = enumerate(zip(arguments, value, strict=True))
    return tuple(from_plain(kind, x, f"{where}[{n}]", error=error) for n, (kind, x) in pairs)


def _union(choices: Any, value: Any, where: str, error: type[SeqStudioError]) -> Any:
    if value is None and types.NoneType in choices:
        return None
    kinds = [kind for kind in choices if kind is not types.NoneType]
    failure: SeqStudioError | None = None
    for kind in kinds:
        try:
            return from_plain(kind, value, where, error=error)
        except error as bad:
            failure = bad
    if len(kinds) == 1 and failure is not None:
        raise failure
    names = ", ".join(getattr(kind, "__name__", str(kind)) for kind in kinds)
    raise error(f"{where}={shown(value)}, expected one of {names}") from failure


def _scalar(kind: Any, value: Any, where: str, error: type[SeqStudioError]) -> Any:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind is Path and isinstance(value, str):
        return Path(value)
    exact = kind in (bool, int, float, str) and type(value) is kind
    if exact or (
        kind not in (bool, int, float, str) and isinstance(kind, type) and isinstance(value, kind)
    ):
        return value
    raise error(f"{where}={shown(value)}, expected {getattr(kind, '__name__', kind)}")
