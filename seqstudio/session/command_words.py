"""A finished operation as the words of the command that runs it again."""

from collections.abc import Iterator, Mapping
from typing import Any

from seqstudio.contracts.manifest import OperationEntry
from seqstudio.contracts.options import Option


def positional_words(entry: OperationEntry, values: Mapping[str, Any]) -> list[str]:
    """Return the values of the options that have no flag."""
    return [
        str(values[name])
        for name, option in entry.options.items()
        if option.positional and values.get(name) is not None
    ]


def option_words(entry: OperationEntry, values: Mapping[str, Any]) -> list[str]:
    """Return the flags with their values, also where these are the defaults: those may change.

    Parameters
    ----------
    entry : the operation
    values : of a provenance, with a hash beside the path of each file
    """
    return [
        word
        for name, option in entry.options.items()
        if not option.positional and name in values
        for word in _words(name, option, values[name])
    ]


def _words(name: str, option: Option, value: Any) -> Iterator[str]:
    flag = "--" + name.replace("_", "-")
    if option.type == "bool":
        if value or not flag.startswith("--no-"):
            yield flag if value else f"--no-{flag[2:]}"
        return
    for one in value if isinstance(value, list | tuple) else [value]:
        text = str(one["path"] if isinstance(one, Mapping) else one)
        if one is not None and (text or option.default):
            yield from (flag, text)
