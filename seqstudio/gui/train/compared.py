"""In which settings two runs differ."""

from collections.abc import Iterator, Mapping
from typing import Any

from seqstudio.contracts.plain import to_plain
from seqstudio.services.runs import RunSpec

LEFT_OUT = {"command", "settings", "examples", "data_sha256"}  # these repeat the others
NOTHING = "not set"


def differences(one: RunSpec, other: RunSpec) -> tuple[str, ...]:
    """Return a line for each setting that differs, with its value in both.

    >>> small, large = (RunSpec(task="music.rolls", preset=name) for name in ("small", "large"))
    >>> differences(small, large)
    ('preset: small, other: large',)
    """
    mine, theirs = (dict(_flat(to_plain(spec))) for spec in (one, other))
    names = [*mine, *(name for name in theirs if name not in mine)]
    return tuple(
        f"{name}: {mine.get(name, NOTHING)}, other: {theirs.get(name, NOTHING)}"
        for name in names
        if mine.get(name) != theirs.get(name)
    )


def _flat(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the settings by their own names, out of the groups they are in."""
    for name, value in values.items():
        if name in LEFT_OUT:
            continue
        if isinstance(value, Mapping):
            yield from _flat(value)
        else:
            yield name.replace("_", " "), value
