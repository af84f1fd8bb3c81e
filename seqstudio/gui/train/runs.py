"""The runs that the profile's books know, each by its newest job."""

import contextlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.jobs.database import JobRow

NEWEST = 100  # trainings in the books that are looked at
RUNS_MS = 300  # between looks into the books


@dataclass(frozen=True, slots=True)
class RecentRun:
    """A run that was started from this profile, by its newest job."""

    folder: Path
    data: Path
    task: str
    state: str  # of the job
    job: int
    reason: str = ""  # why the job ended as it did, where no item is to blame

    @property
    def there(self) -> bool:
        """Whether its folder can be opened."""
        return (self.folder / "run.json").is_file()


class Runs(QObject):
    """The newest runs; it looks again soon after the list of jobs has changed."""

    looked = Signal()  # into the books, whether or not there was anything new
    changed = Signal()

    def __init__(self, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.all: tuple[RecentRun, ...] = ()
        self._soon = QTimer(self, interval=RUNS_MS, singleShot=True)
        self._soon.timeout.connect(self.look)
        workspace.queue.changed.connect(self._soon.start)
        self.look()

    def look(self) -> None:
        """Look into the books now."""
        found = recent_runs(self._workspace.studio.jobs.list(NEWEST, verb="train"))
        new = found != self.all
        self.all = found
        self.looked.emit()
        if new:
            self.changed.emit()

    def at(self, folder: Path) -> RecentRun | None:
        """Give the run of a folder, if the books know it."""
        return next((one for one in self.all if one.folder == folder), None)

    def of(self, job: int) -> RecentRun | None:
        """Give the run that a job trains, if it is the run's newest job."""
        return next((one for one in self.all if one.job == job), None)


def recent_runs(jobs: Iterable[JobRow]) -> tuple[RecentRun, ...]:
    """Give the runs of trainings in the books, the newest first, each folder once."""
    found: dict[Path, RecentRun] = {}
    for row in jobs:
        arguments: dict[str, Any] = {}
        with contextlib.suppress(ValueError):
            arguments = json.loads(row.spec).get("arguments", {})
        if not {"run", "data"} <= arguments.keys():
            continue
        folder = Path(arguments["run"])
        data = Path(arguments["data"])
        run = RecentRun(folder, data, row.name, row.state, row.id, row.reason)
        found.setdefault(folder, run)
    return tuple(found.values())
