"""Descriptions of values that users can set: options of operations and training settings."""

import dataclasses
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from seqstudio.contracts.plain import type_hints
from seqstudio.errors import ConfigError

T = TypeVar("T")
OptionType = Literal["int", "float", "bool", "str", "choice", "path"]
PYTHON_TYPES: Mapping[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
    "str": (str,),
    "choice": (str,),
    "path": (str, Path),
}
TYPES: Mapping[Any, OptionType] = {
    int: "int",
    float: "float",
    bool: "bool",
    str: "str",
    Path: "path",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """The description of one value: a command line flag or setting, and a field in a form."""

    type: OptionType
    default: Any = None  # None: not set
    min: float | None = None
    max: float | None = None
    choices: tuple[str, ...] = ()
    repeat: bool = False
    positional: bool = False  # given first on the command line, without a flag, and required
    required: bool = False  # an operation does not run without it; it has no default
    help: str = ""

    def accepts(self, value: Any) -> bool:
        """Return whether a value is of the option's type; None, for not set, always is."""
        if value is None:
            return True
        if self.repeat:
            single = replace(self, repeat=False)
            return isinstance(value, list | tuple) and all(map(single.accepts, value))
        fits = isinstance(value, PYTHON_TYPES[self.type])
        return fits and (self.type == "bool") == isinstance(value, bool)

    def check(self, name: str, value: Any) -> None:
        """Check that a value of the right type is one of the choices and in range.

        Raises
        ------
        ConfigError
            If it is not.
        """
        if self.type == "choice" and value not in self.choices:
            raise ConfigError(f"{name}={value!r}, expected one of: {', '.join(self.choices)}")
        if self.min is not None and value < self.min:
            raise ConfigError(f"{name}={value}, expected at least {self.min:g}")
        if self.max is not None and value > self.max:
            raise ConfigError(f"{name}={value}, expected at most {self.max:g}")

    @property
    def python_type(self) -> Any:
        """The Python type of its values, as a dataclass field would have it."""
        single: Any = next((kind for kind, name in TYPES.items() if name == self.type), None)
        if self.type == "choice":
            single = Literal[self.choices]
        return tuple[single, ...] if self.repeat else single


def setting(default: T, help: str, *, min: float | None = None, max: float | None = None) -> T:
    """Return a dataclass field with a default, a range, and a help text for the user."""
    return dataclasses.field(default=default, metadata={"help": help, "min": min, "max": max})


def options_of(kind: type) -> dict[str, Option]:
    """Describe the fields of a dataclass as options, with the metadata from `setting`.

    Raises
    ------
    ConfigError
        If an option cannot have the type of a field.
    """
    hints = type_hints(kind)
    return {
        field.name: Option(
            **_type_of(hints[field.name], field.name),
            default=None if field.default is dataclasses.MISSING else field.default,
            **field.metadata,
        )
        for field in dataclasses.fields(kind)
    }


def check_ranges(value: Any) -> None:
    """Check that each field of a dataclass is in the range given to `setting`.

    Raises
    ------
    ConfigError
        If one is not.
    """
    for name, option in options_of(type(value)).items():
        option.check(name, getattr(value, name))


def _type_of(hint: Any, name: str) -> dict[str, Any]:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple and arguments[1:] == (Ellipsis,):
        return {**_type_of(arguments[0], name), "repeat": True}
    if origin in (typing.Union, types.UnionType) and types.NoneType in arguments:
        (hint, *others) = [kind for kind in arguments if kind is not types.NoneType]
        return _type_of(hint if not others else Any, name)
    if origin is Literal and all(isinstance(choice, str) for choice in arguments):
        return {"type": "choice", "choices": arguments}
    if hint not in TYPES:
        raise ConfigError(f"{name}: {hint}, expected an option type: {', '.join(TYPES.values())}")
    return {"type": TYPES[hint]}
