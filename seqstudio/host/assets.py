"""Locate the demo files: inside the installed package, or next to it in a clone."""

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
    package = Path(seqstudio.__file__).parent
    for folder in (package / "assets", package.parent / "assets"):
        if (folder / "README.md").is_file():
            return folder
    raise DataError(f"{package}: no demo files, expected a complete installation of seqstudio")
