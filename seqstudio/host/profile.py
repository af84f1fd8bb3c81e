"""The profile: one folder that holds a person's models, jobs and settings.

The command line's help is drawn through this module and `catalogue`, so neither imports anything
that costs milliseconds (pathlib, dataclasses) before it is needed.
"""

# pathlib would cost 8 ms of the 60 that --help may take.
# ruff: noqa: PTH100, PTH111, PTH118
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from seqstudio.host.limits import Limits


def default_home() -> str:
    """Give `SEQSTUDIO_HOME`, or else the platform's folder for a program's data."""
    if named := os.environ.get("SEQSTUDIO_HOME"):
        return os.path.abspath(named)
    if sys.platform == "darwin":
        return os.path.expanduser("~/Library/Application Support/seqstudio")
    data = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return os.path.join(data, "seqstudio")


class Profile:
    """Where a person's things are. Folders are made when something is first put there."""

    __slots__ = ("root",)

    def __init__(self, home: "Path | str | None" = None) -> None:
        self.root = os.path.abspath(home) if home else default_home()

    @property
    def home(self) -> "Path":
        """The folder itself."""
        from pathlib import Path

        return Path(self.root)

    @property
    def models(self) -> "Path":
        """Models that the person imported, one folder each."""
        return self.home / "models"

    @property
    def jobs(self) -> "Path":
        """One folder for each job: its log, its scratch files, outputs that go nowhere else."""
        return self.home / "jobs"

    @property
    def database(self) -> "Path":
        """The jobs' SQLite file."""
        return self.home / "jobs.sqlite"

    def limits(self) -> "Limits":
        """Read `limits.json`, where the person may change what a worker is allowed.

        Raises
        ------
        ConfigError
            If the file is not JSON, or names an unknown limit or a value out of range.
        """
        from seqstudio.host.limits import read_limits

        return read_limits(self.home / "limits.json")
