"""The list of jobs, read from the job database, which other processes write too."""

import time
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from seqstudio.errors import JobError
from seqstudio.gui.workspace.job_status import ENDED, title_of
from seqstudio.host.jobs.database import JobRow
from seqstudio.host.jobs.queue import Jobs
from seqstudio.host.jobs.spec import spec_from_text
from seqstudio.host.studio import Studio

POLL_MS = 1000  # between checks of the database for changes
ENDED_LISTED = 50  # at most
BEFORE_LISTED = 20  # at most, of those that had ended before the app was opened


class JobList(QObject):
    """The live jobs, the waiting ones in their order, and those that have ended, newest first.

    Those that had ended before the app was opened come last, except interrupted ones, which the
    user may want to resume.
    """

    changed = Signal()  # `rows` was read again

    def __init__(self, studio: Studio, parent: QObject) -> None:
        super().__init__(parent)
        self._studio = studio
        self._opened = time.time()
        self._seen: set[int] = set()  # jobs that were live while the app was open
        self._titles: dict[int, str] = {}
        self._outcomes: dict[int, str] = {}  # of jobs that have ended
        self._data_version = -1
        self.rows: tuple[JobRow, ...] = ()
        self.from_before: frozenset[int] = frozenset()  # jobs that had ended before
        self._timer = QTimer(self, interval=POLL_MS)
        self._timer.timeout.connect(self._poll)
        self._timer.start()

    @property
    def waiting(self) -> tuple[int, ...]:
        """The numbers of the waiting jobs, in their order."""
        return tuple(row.id for row in self.rows if row.waiting)

    def row(self, job: int) -> JobRow | None:
        """Return a listed job by its number."""
        return next((row for row in self.rows if row.id == job), None)

    def title(self, row: JobRow) -> str:
        """Return a job's title. Its spec is parsed once: that of a large batch is a long text."""
        if row.id not in self._titles:
            try:
                spec = spec_from_text(row.spec, f"job {row.id}")
            except JobError:  # another version of SeqStudio wrote it
                self._titles[row.id] = f"{row.plugin} {row.name}"
            else:
                self._titles[row.id] = title_of(spec, self._operation(row))
        return self._titles[row.id]

    def _operation(self, row: JobRow) -> str:
        """Return the title of a job's operation; "" where it has none, or its plugin is gone."""
        with suppress(JobError):
            if row.verb == "operation":
                return self._studio.catalogue.plugin(row.plugin).operation(row.name).title
        return ""

    def outcome(self, row: JobRow) -> str:
        """Return why an ended job failed, or what it made; "" for other jobs."""
        if row.state not in ENDED:
            return ""
        if row.id not in self._outcomes:
            self._outcomes[row.id] = outcome_text(row, self._studio.jobs)
        return self._outcomes[row.id]

    def read(self) -> None:
        """Read the jobs from the database, and emit `changed`."""
        jobs = self._studio.jobs
        live = (*jobs.active(), *jobs.queue())
        for row in live:
            self._seen.add(row.id)
            self._outcomes.pop(row.id, None)
        ended = jobs.ended(ENDED_LISTED)
        before = tuple(filter(self._is_from_before, ended))[:BEFORE_LISTED]
        self.rows = (*live, *(row for row in ended if not self._is_from_before(row)), *before)
        self.from_before = frozenset(row.id for row in before)
        self.changed.emit()

    def stop(self) -> None:
        """Stop polling the database."""
        self._timer.stop()

    def _is_from_before(self, row: JobRow) -> bool:
        unseen = row.id not in self._seen and row.created < self._opened
        return unseen and row.state != "interrupted"

    def _poll(self) -> None:
        version = self._studio.jobs.data_version()
        if version != self._data_version:
            self._data_version = version
            self.read()


def outcome_text(row: JobRow, jobs: Jobs) -> str:
    """Return one line: why the first failed item failed, else what the job made."""
    failed, done = row.counts.get("failed", 0), row.counts.get("done", 0)
    item = jobs.first_item(row.id, "failed" if failed else "done")
    if failed and item:
        name = f"{Path(item.name).name}: " if sum(row.counts.values()) > 1 else ""
        return name + item.reason
    made = [item.summary, *(output.path.name for output in item.outputs)] if item else []
    first = next(filter(None, made), "")
    if not first:
        return str(row.value.get("note", ""))  # the last line of a training
    return f"{first}, and {done - 1} more" if done > 1 else first
