"""The orthography file: what is replaced in transcripts before letters are learned or scored."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from seqstudio.api import DataError
from seqstudio.api.media import read_text_file

SECTION = "replace"


def read_spelling(path: Path) -> Mapping[str, str]:
    """Return the replacements of a TOML file: a table `[replace]` of strings.

    Raises
    ------
    DataError
        If the file cannot be read, or holds anything else.
    """
    try:
        table = tomllib.loads(read_text_file(path))
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{path}: {error}, expected TOML with [replace]") from error
    replaced = table.pop(SECTION, None)
    strings = isinstance(replaced, dict) and all(isinstance(one, str) for one in replaced.values())
    if table or not strings or "" in (replaced or {}):
        raise DataError(f'{path}: expected only [replace] with lines such as "<noise>" = ""')
    return dict(replaced or {})


def spelling_file(replaced: Mapping[str, str], reasons: Mapping[str, str]) -> str:
    """Return an orthography file, each replacement after its reason."""
    lines = ["# Replaced in transcripts before they are learned or scored. Delete what is right."]
    lines.append(f"[{SECTION}]")
    for text, other in replaced.items():
        lines += [f"# {reasons[text]}", f"{_quoted(text)} = {_quoted(other)}"]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """Return a basic string of TOML; what cannot be seen is escaped."""
    signs = {'"': '\\"', "\\": "\\\\"}
    shown = (signs.get(one, one if one.isprintable() else f"\\U{ord(one):08x}") for one in text)
    return '"' + "".join(shown) + '"'
