"""Locate files beside the code: inside the installed package, or next to it in a clone."""

from pathlib import Path

import seqstudio
from seqstudio.errors import DataError


def assets_folder() -> Path:
    """Return the folder of demo files.

    Raises
    ------
    DataError
        If this installation does not include them.
    """
    return included_file("assets/README.md").parent


def included_file(name: str) -> Path:
    """Return a file that comes with the package.

    Parameters
    ----------
    name : its path from the root of a clone

    Raises
    ------
    DataError
        If this installation does not include it.
    """
    package = Path(seqstudio.__file__).parent
    for folder in (package, package.parent):
        if (path := folder / name).is_file():
            return path
    raise DataError(f"{package}: no {name}, expected a complete installation of seqstudio")
