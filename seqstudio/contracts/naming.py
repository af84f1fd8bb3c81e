"""What names and texts of a manifest may hold: they end up in file names, forms and terminals."""

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from seqstudio.errors import PluginError

LONGEST_NAME = 64  # characters
UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")  # Unicode's classes of what moves a cursor or hides text
JOINERS = "\u200c\u200d"  # which Persian, Hindi and others are written with


def is_name(name: str) -> bool:
    """Whether a name can be a command: lower-case letters, digits and '-'.

    >>> is_name("speech-2"), is_name("Speech"), is_name("-x"), is_name("a/b")
    (True, False, False, False)
    """
    plain = name.replace("-", "")
    fits = plain.isalnum() and name.islower() and name.isascii()
    return fits and not name.startswith("-") and len(name) <= LONGEST_NAME


def is_file_name(name: str) -> bool:
    """Whether a name can be a part of a file's, and of no other folder's.

    >>> is_file_name("rolls-jsb"), is_file_name("../x"), is_file_name(".x"), is_file_name("")
    (True, False, False, False)
    """
    plain = name.isprintable() and not name.startswith(".") and not set("/\\:") & set(name)
    return bool(name) and plain and len(name) <= LONGEST_NAME


def check_unlike(names: Iterable[str], where: str) -> None:
    """See that no name stands twice.

    Raises
    ------
    PluginError
        Naming the first that does.
    """
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise PluginError(f"{where}: {name!r} twice, expected each name once")
        seen.add(name)


def check_values(value: Any, where: str) -> None:
    """See that JSON can hold a manifest's values, and that its texts hide nothing.

    A text is one line; help may have several.

    Parameters
    ----------
    value : the manifest as TOML gave it, or a part of it
    where : the place, which begins every error

    Raises
    ------
    PluginError
        Naming the place.
    """
    if isinstance(value, str):
        text = value.replace("\n", "") if where.endswith(".help") else value
        if any(unicodedata.category(sign) in UNSEEN and sign not in JOINERS for sign in text):
            raise PluginError(f"{where}={value[:80]!r}, expected one line of printable text")
    elif isinstance(value, Mapping):
        for key, each in value.items():
            check_values(key, where)
            check_values(each, f"{where}.{key}")
    elif isinstance(value, list):
        for number, each in enumerate(value):
            check_values(each, f"{where}[{number}]")
    elif not isinstance(value, bool | int | float):  # TOML knows dates, JSON does not
        raise PluginError(f"{where}={value}, expected no dates")
