"""What people and programs read: JSON and plain tables."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from seqstudio.contracts.plain import to_plain


def to_json(value: Any) -> str:
    """Write dataclasses, mappings and sequences as JSON of two spaces' indent."""
    return json.dumps(to_plain(value), indent=2, ensure_ascii=False)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Lay out rows in columns as wide as their widest cell; the last column runs on.

    >>> print(table(["name", "task"], [["rolls-jsb", "music.rolls"]]))
    name       task
    rolls-jsb  music.rolls
    """
    lines = [list(head), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    padded = (zip(line, widths, strict=True) for line in lines)
    return "\n".join("  ".join(cell.ljust(w) for cell, w in line).rstrip() for line in padded)


def size(n_bytes: float) -> str:
    """Say a size in the unit that fits.

    >>> size(830), size(1_250_000), size(6.1e9)
    ('830 B', '1.2 MB', '6.1 GB')
    """
    for limit, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if n_bytes >= limit:
            return f"{n_bytes / limit:.1f} {unit}"
    return f"{n_bytes:.0f} B"


def duration(seconds: float) -> str:
    """Say a time as people do.

    >>> duration(0.42), duration(75), duration(3725)
    ('0.4 s', '1 min 15 s', '1 h 2 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
