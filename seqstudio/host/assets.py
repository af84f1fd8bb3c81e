"""Where the demo's files are: in the installed package, or beside it in a clone."""

from pathlib import Path

import seqstudio
from seqstudio.errors import DataError


def assets_folder() -> Path:
    """Find the folder of demo files.

    Raises
    ------
    DataError
        If it was left out of this installation.
    """
    package = Path(seqstudio.__file__).parent
    for folder in (package / "assets", package.parent / "assets"):
        if (folder / "README.md").is_file():
            return folder
    raise DataError(f"{package}: no demo files in it, expected a whole installation of seqstudio")
