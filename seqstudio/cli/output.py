"""Format values as JSON and as plain-text tables, and print them."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

import click

from seqstudio.contracts.plain import to_plain
from seqstudio.host.text_format import UNPRINTABLE, one_line, printable


def echo(text: object, *, err: bool = False) -> None:
    """Print a line, or several, with every control character escaped.

    All that the command line prints goes through here: names of files, cards of models and texts
    of plugins are not ours, and must not move the cursor of a terminal or turn its text around.
    """
    click.echo(printable(str(text)), err=err)


def to_json(value: Any) -> str:
    r"""Return dataclasses, mappings and sequences as JSON, indented by two spaces.

    >>> print(to_json(["ä", "\udcff\x9b"]))  # a file name may hold a byte that is not valid UTF-8
    [
      "ä",
      "\udcff\u009b"
    ]
    """
    text = json.dumps(to_plain(value), indent=2, ensure_ascii=False)
    return re.sub(UNPRINTABLE, lambda match: f"\\u{ord(match[0]):04x}", text)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return rows as text, one line each, with columns as wide as their widest cell.

    >>> print(table(["name", "task"], [["rolls-jsb", "music.rolls"]]))
    name       task
    rolls-jsb  music.rolls
    """
    lines = [list(head), *([one_line(str(cell)) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    padded = (zip(line, widths, strict=True) for line in lines)
    return "\n".join("  ".join(cell.ljust(w) for cell, w in line).rstrip() for line in padded)
