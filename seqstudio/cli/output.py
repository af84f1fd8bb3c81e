"""Format values as JSON and as plain-text tables."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from seqstudio.contracts.plain import to_plain


def to_json(value: Any) -> str:
    r"""Return dataclasses, mappings and sequences as JSON, indented by two spaces.

    >>> print(to_json(["ä", "\udcff"]))  # a file name may hold a byte that is not valid UTF-8
    [
      "ä",
      "\udcff"
    ]
    """
    text = json.dumps(to_plain(value), indent=2, ensure_ascii=False)
    return re.sub("[\ud800-\udfff]", lambda match: ascii(match[0])[1:-1], text)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return rows as text, with columns as wide as their widest cell.

    >>> print(table(["name", "task"], [["rolls-jsb", "music.rolls"]]))
    name       task
    rolls-jsb  music.rolls
    """
    lines = [list(head), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    padded = (zip(line, widths, strict=True) for line in lines)
    return "\n".join("  ".join(cell.ljust(w) for cell, w in line).rstrip() for line in padded)
