"""What people and programs read: JSON and plain tables."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from seqstudio.contracts.plain import to_plain


def to_json(value: Any) -> str:
    r"""Write dataclasses, mappings and sequences as JSON of two spaces' indent.

    >>> print(to_json(["ä", "\udcff"]))  # a file's name may hold a byte that is no character
    [
      "ä",
      "\udcff"
    ]
    """
    text = json.dumps(to_plain(value), indent=2, ensure_ascii=False)
    return re.sub("[\ud800-\udfff]", lambda sign: ascii(sign[0])[1:-1], text)


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
