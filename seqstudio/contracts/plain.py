"""Strict conversion between dataclasses and plain JSON values.

Used at every boundary: manifests, model configurations, bundles, jobs and worker messages. Imports
only the standard library, so that the command line's help is fast.
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
    """Convert dataclasses, tuples, mappings and paths to JSON values; fields keep their order."""
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
    """Build a `kind` from JSON values, and raise an error if they do not fit exactly.

    Parameters
    ----------
    kind : a dataclass, or any type that a dataclass field here may have: bool, int, float, str,
        Path, Any, Literal, tuple[X, ...], Mapping[str, X], X | None
    value : the result of `json.loads` or `tomllib.loads`
    where : the name of the value, put at the start of every error
    error : the exception class to raise

    Raises
    ------
    error
        If a field is unknown or missing, or a value has another type; the text has the path to
        the field, the value, and what was expected.

    >>> from_plain(tuple[int, ...], [1, "b"], "notes")
    Traceback (most recent call last):
    ...
    seqstudio.errors.ConfigError: notes[1]='b', expected int
    """
    convert = _dataclass if dataclasses.is_dataclass(kind) else _value
    return typing.cast(T, convert(kind, value, where, error))


def short_repr(value: Any) -> str:
    """Return the repr of a value for an error message, cut to 80 characters.

    >>> short_repr([1, "b"]), len(short_repr(list(range(1000))))
    ("[1, 'b']", 80)
    """
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _dataclass(kind: Any, value: Any, where: str, error: type[SeqStudioError]) -> Any:
    if isinstance(value, kind):
        return value  # built already, as the parts inside a part of a model are
    if not isinstance(value, Mapping):
        raise error(
            f"{where}={short_repr(value)}, expected a table with the fields of {kind.__name__}"
        )
    fields = {f.name: f for f in dataclasses.fields(kind) if f.init}
    for name in value:
        if name not in fields:
            raise error(f"{where}: unknown field {name!r}, expected one of {', '.join(fields)}")
    for name, field in fields.items():
        required = field.default is dataclasses.MISSING
        if name not in value and required and field.default_factory is dataclasses.MISSING:
            raise error(f"{where}: no field {name!r}, expected one")
    hints = type_hints(kind)
    values = {
        name: from_plain(hints[name], item, f"{where}.{name}", error=error)
        for name, item in value.items()
    }
    try:
        return kind(**values)
    except SeqStudioError as cause:
        raise error(f"{where}: {cause}") from cause


def _value(kind: Any, value: Any, where: str, error: type[SeqStudioError]) -> Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return value
    if origin in (Union, types.UnionType):
        return _union(arguments, value, where, error)
    if origin is Literal:
        if value in arguments:
            return value
        raise error(
            f"{where}={short_repr(value)}, expected one of {', '.join(map(repr, arguments))}"
        )
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
        except error as cause:
            failure = cause
    if len(kinds) == 1 and failure is not None:
        raise failure
    names = ", ".join(getattr(kind, "__name__", str(kind)) for kind in kinds)
    raise error(f"{where}={short_repr(value)}, expected one of {names}") from failure


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
    raise error(f"{where}={short_repr(value)}, expected {getattr(kind, '__name__', kind)}")
