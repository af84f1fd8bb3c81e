"""The orthography file: what is replaced in transcripts, and which letters are one unit."""

import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from seqstudio.api import DataError
from seqstudio.api.media import read_text_file

SECTION, UNITS = "replace", "units"


@dataclass(frozen=True, slots=True)
class Spelling:
    """What is replaced before letters are learned or scored, and units of several letters."""

    replaced: Mapping[str, str] = field(default_factory=dict)
    units: tuple[str, ...] = ()


def read_spelling(path: Path) -> Spelling:
    """Return what a TOML file says: a list `units` of strings, and a table `[replace]` of strings.

    Raises
    ------
    DataError
        If the file cannot be read, or holds anything else.
    """
    try:
        table = tomllib.loads(read_text_file(path))
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{path}: {error}, expected TOML with [replace]") from error
    units, replaced = table.pop(UNITS, []), table.pop(SECTION, {})
    strings = isinstance(replaced, dict) and all(isinstance(one, str) for one in replaced.values())
    if table or not strings or "" in replaced:
        raise DataError(
            f'{path}: expected only units = ["ng"] and [replace] with lines such as "<noise>" = ""'
        )
    if not isinstance(units, list) or not all(map(_is_unit, units)):
        raise DataError(f"{path}: units = {units!r}, expected texts of several letters, no spaces")
    normal = (unicodedata.normalize("NFC", unit) for unit in units)
    return Spelling(dict(replaced), tuple(normal))


def _is_unit(value: object) -> bool:
    return isinstance(value, str) and len(value) > 1 and value.split() == [value]


def spelling_file(spelling: Spelling, reasons: Mapping[str, str]) -> str:
    """Return an orthography file, each replacement after its reason."""
    lines = ["# Letters that are one sound, written as they stand in the texts."]
    lines.append(f"{UNITS} = [{', '.join(map(_quoted, spelling.units))}]")
    lines += [
        "",
        "# Replaced before texts are learned or scored. Delete the lines that are wrong.",
    ]
    lines.append(f"[{SECTION}]")
    for text, other in spelling.replaced.items():
        lines += [f"# {reasons[text]}", f"{_quoted(text)} = {_quoted(other)}"]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """Return a basic string of TOML; what cannot be seen is escaped."""
    signs = {'"': '\\"', "\\": "\\\\"}
    shown = (signs.get(one, one if one.isprintable() else f"\\U{ord(one):08x}") for one in text)
    return '"' + "".join(shown) + '"'
