"""The runs in the job database of the profile, each with its newest job."""

import contextlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from seqstudio.contracts.job import JobState
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.jobs.database import JobRow
from seqstudio.host.jobs.spec import TRAININGS
from seqstudio.services.runs import RUN_FILE

MAX_TRAININGS = 100  # newest training jobs that are read
RUNS_MS = 300  # delay before the database is read again


@dataclass(frozen=True, slots=True)
class RecentRun:
    """A run that was started from this profile, with its newest job."""

    folder: Path
    data: Path
    task: str
    state: JobState
    job: int
    reason: str = ""  # why the job ended, if no item failed
    learns: bool = False  # from corrections: it is judged at its end

    @property
    def exists(self) -> bool:
        """Whether its folder has been made."""
        return (self.folder / RUN_FILE).is_file()


class Runs(QObject):
    """The newest runs; reloads soon after the job queue has changed."""

    reloaded = Signal()  # whether or not there were changes
    changed = Signal()

    def __init__(self, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.all: tuple[RecentRun, ...] = ()
        self._soon = QTimer(self, interval=RUNS_MS, singleShot=True)
        self._soon.timeout.connect(self.reload)
        workspace.queue.changed.connect(self._soon.start)
        self.reload()

    def reload(self) -> None:
        """Read the job database now."""
        found = recent_runs(self._workspace.studio.jobs.list(MAX_TRAININGS, verbs=TRAININGS))
        is_new = found != self.all
        self.all = found
        self.reloaded.emit()
        if is_new:
            self.changed.emit()

    def by_folder(self, folder: Path) -> RecentRun | None:
        """Return the run of a folder, if it is in the job database."""
        return next((one for one in self.all if one.folder == folder), None)

    def by_job(self, job: int) -> RecentRun | None:
        """Return the run that a job trains, if it is the run's newest job."""
        return next((one for one in self.all if one.job == job), None)


def recent_runs(jobs: Iterable[JobRow]) -> tuple[RecentRun, ...]:
    """Return the runs of training jobs, the newest first, each folder once."""
    found: dict[Path, RecentRun] = {}
    for row in jobs:
        arguments: dict[str, Any] = {}
        with contextlib.suppress(ValueError):
            arguments = json.loads(row.spec).get("arguments", {})
        if not {"run", "data"} <= arguments.keys():
            continue
        folder = Path(arguments["run"])
        data = Path(arguments["data"])
        run = RecentRun(folder, data, row.name, row.state, row.id, row.reason, row.verb == "learn")
        found.setdefault(folder, run)
    return tuple(found.values())
