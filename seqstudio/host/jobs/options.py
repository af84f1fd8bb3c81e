"""Options of an operation, checked against its manifest; all front ends use this."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from seqstudio.contracts.manifest import OperationEntry
from seqstudio.contracts.options import Option
from seqstudio.errors import ConfigError


def fill_options(entry: OperationEntry, given: Mapping[str, Any]) -> dict[str, Any]:
    """Check the given options, and add the defaults of the others.

    Parameters
    ----------
    entry : the operation
    given : option -> value; a None counts as not given

    Returns
    -------
    every option of the manifest, as JSON values; paths are absolute

    Raises
    ------
    ConfigError
        If an option is unknown, has another type, is out of range, or must be given and is not.
    """
    for name in given:
        if name not in entry.options:
            names = ", ".join(entry.options) or "none"
            raise ConfigError(f"{entry.name}: no option {name!r}, expected one of: {names}")
    filled = {}
    for name, option in entry.options.items():
        value = given.get(name)
        if value is None and (option.required or option.positional):
            raise ConfigError(f"{entry.name}: {name} is not set, expected {option.type}")
        filled[name] = option.default if value is None else _checked(option, name, value)
    return filled


def _checked(option: Option, name: str, value: Any) -> Any:
    if not option.repeat:
        return _single(option, name, value)
    if not isinstance(value, (list, tuple)):
        raise ConfigError(f"{name}={value!r}, expected a list")
    return [_single(option, name, one) for one in value]


def _single(option: Option, name: str, value: Any) -> Any:
    if not replace(option, repeat=False).accepts(value):
        raise ConfigError(f"{name}={value!r}, expected {option.type}")
    option.check(name, value)
    if option.type != "path":
        return value
    path = Path(value).absolute()
    if not path.exists():
        raise ConfigError(f"{name}={value}: no such file or folder, expected one that exists")
    return str(path)
