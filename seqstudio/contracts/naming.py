"""Checks of the names and texts in a manifest, which appear in file names, forms and terminals."""

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from seqstudio.errors import PluginError

MAX_NAME_LENGTH = 64  # characters
INVISIBLE_CATEGORIES = ("Cc", "Cf", "Cs", "Zl", "Zp")  # Unicode categories: control, format, ...
JOINERS = "\u200c\u200d"  # needed to write Persian, Hindi and other languages


def is_name(name: str) -> bool:
    """Return whether a name can be a command: lower-case letters, digits and '-'.

    >>> is_name("speech-2"), is_name("Speech"), is_name("-x"), is_name("a/b")
    (True, False, False, False)
    """
    plain = name.replace("-", "")
    fits = plain.isalnum() and name.islower() and name.isascii()
    return fits and not name.startswith("-") and len(name) <= MAX_NAME_LENGTH


def is_file_name(name: str) -> bool:
    """Return whether a name can be part of a file name, without leading to another folder.

    >>> is_file_name("rolls-jsb"), is_file_name("../x"), is_file_name(".x"), is_file_name("")
    (True, False, False, False)
    """
    plain = name.isprintable() and not name.startswith(".") and not set("/\\:") & set(name)
    return bool(name) and plain and len(name) <= MAX_NAME_LENGTH


def check_unique(names: Iterable[str], where: str) -> None:
    """Check that no name appears twice.

    Raises
    ------
    PluginError
        If one does; the text has the first such name.
    """
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise PluginError(f"{where}: {name!r} twice, expected each name once")
        seen.add(name)


def check_values(value: Any, where: str) -> None:
    """Check that a manifest's values fit JSON, and that its texts have no invisible characters.

    A text is one line; `help` may have several.

    Parameters
    ----------
    value : the parsed manifest, or a part of it
    where : the place in the manifest, put at the start of every error

    Raises
    ------
    PluginError
        If a value does not pass; the text has its place.
    """
    if isinstance(value, str):
        text = value.replace("\n", "") if where.endswith(".help") else value
        if any(unicodedata.category(c) in INVISIBLE_CATEGORIES and c not in JOINERS for c in text):
            raise PluginError(f"{where}={value[:80]!r}, expected one line of printable text")
    elif isinstance(value, Mapping):
        for key, each in value.items():
            check_values(key, where)
            check_values(each, f"{where}.{key}")
    elif isinstance(value, list):
        for number, each in enumerate(value):
            check_values(each, f"{where}[{number}]")
    elif not isinstance(value, bool | int | float):  # TOML has dates, JSON has not
        raise PluginError(f"{where}={value}, expected no dates")
