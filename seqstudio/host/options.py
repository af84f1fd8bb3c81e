"""Options of an operation, checked against its manifest: every front end passes through here."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seqstudio.contracts.manifest import OperationEntry, Option
from seqstudio.errors import ConfigError

PYTHON_TYPES: Mapping[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
    "str": (str,),
    "choice": (str,),
    "path": (str, Path),
}


def fill_options(entry: OperationEntry, given: Mapping[str, Any]) -> dict[str, Any]:
    """Check the options that were given, and add the defaults of the others.

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
        If an option is unknown, of another type, or out of its range.
    """
    for name in given:
        if name not in entry.options:
            names = ", ".join(entry.options) or "none"
            raise ConfigError(f"{entry.name}: no option {name!r}, expected one of: {names}")
    filled = {}
    for name, option in entry.options.items():
        value = given.get(name)
        filled[name] = option.default if value is None else _checked(option, name, value)
    return filled


def _checked(option: Option, name: str, value: Any) -> Any:
    if not option.repeat:
        return _single(option, name, value)
    if not isinstance(value, (list, tuple)):
        raise ConfigError(f"{name}={value!r}, expected a list")
    return [_single(option, name, one) for one in value]


def _single(option: Option, name: str, value: Any) -> Any:
    fits = isinstance(value, PYTHON_TYPES[option.type])
    if not fits or (isinstance(value, bool) and option.type != "bool"):
        raise ConfigError(f"{name}={value!r}, expected {option.type}")
    if option.type == "choice" and value not in option.choices:
        raise ConfigError(f"{name}={value!r}, expected one of: {', '.join(option.choices)}")
    if option.min is not None and value < option.min:
        raise ConfigError(f"{name}={value}, expected at least {option.min:g}")
    if option.max is not None and value > option.max:
        raise ConfigError(f"{name}={value}, expected at most {option.max:g}")
    if option.type != "path":
        return value
    path = Path(value).absolute()
    if not path.exists():
        raise ConfigError(f"{name}={value}: no such file or folder, expected one that exists")
    return str(path)
