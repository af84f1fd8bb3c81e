"""The profile: the folder that holds a user's models, jobs and settings.

`--help` imports this module and `catalogue`, so neither imports anything slow (pathlib,
dataclasses) before it is needed.
"""

# pathlib would cost 8 ms of the 60 that --help may take.
# ruff: noqa: PTH100, PTH103, PTH111, PTH112, PTH118
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from seqstudio.host.limits import Limits


def default_home() -> str:
    """Return `SEQSTUDIO_HOME` if it is set, else the platform's folder for application data."""
    if home := os.environ.get("SEQSTUDIO_HOME"):
        return os.path.abspath(home)
    if sys.platform == "darwin":
        return os.path.expanduser("~/Library/Application Support/seqstudio")
    data = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return os.path.join(data, "seqstudio")


class Profile:
    """The paths of a user's files. Folders are created when something is first written there."""

    __slots__ = ("root",)

    def __init__(self, home: "Path | str | None" = None) -> None:
        self.root = os.path.abspath(home) if home else default_home()

    @property
    def home(self) -> "Path":
        """The profile's folder."""
        from pathlib import Path

        return Path(self.root)

    def create(self) -> None:
        """Create the folder, for its user alone; one that exists is left as it is.

        Raises
        ------
        OSError
            If it cannot be created.
        """
        if not os.path.isdir(self.root):
            os.makedirs(self.root, mode=0o700, exist_ok=True)

    @property
    def models(self) -> "Path":
        """The folder of imported models, one folder each."""
        return self.home / "models"

    @property
    def jobs(self) -> "Path":
        """The folder of jobs, one folder each: log, scratch files, outputs without a target."""
        return self.home / "jobs"

    @property
    def cache(self) -> "Path":
        """What plugins keep for later jobs, a folder for each; it can be removed at any time."""
        return self.home / "kept"

    @property
    def compiled(self) -> "Path":
        """What numba has compiled for the plugins in the box; it can be removed at any time."""
        return self.home / "compiled"

    @property
    def database(self) -> "Path":
        """The SQLite file of the job database."""
        return self.home / "jobs.sqlite"

    def limits(self) -> "Limits":
        """Read `limits.json`, in which the user may change the limits of workers.

        Raises
        ------
        ConfigError
            If the file is not JSON, or has an unknown limit or a value out of range.
        """
        from seqstudio.host.limits import read_limits

        return read_limits(self.home / "limits.json")
