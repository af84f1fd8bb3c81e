"""The jobs that there are to see, as the books have them; other processes write there too."""

import time
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from seqstudio.errors import JobError
from seqstudio.gui.workspace.job_cards import ENDED, title_of
from seqstudio.host.jobs.database import JobRow
from seqstudio.host.jobs.queue import Jobs
from seqstudio.host.jobs.spec import spec_from_text
from seqstudio.host.studio import Studio

LOOK_MS = 1000  # between looks into the books
NEWEST = 50  # jobs that have ended and are listed at most
EARLIER = 20  # of those that had ended before the app was opened


class JobList(QObject):
    """What runs, what waits in its order, and what has ended, the newest first.

    What had ended before the app was opened comes last, but for what was interrupted: one may want
    to go on with it.
    """

    changed = Signal()  # `rows` was read anew

    def __init__(self, studio: Studio, parent: QObject) -> None:
        super().__init__(parent)
        self._studio = studio
        self._opened = time.time()
        self._seen: set[int] = set()  # jobs that were live while the app was open
        self._titles: dict[int, str] = {}
        self._told: dict[int, str] = {}  # of those that have ended
        self._stamp = -1
        self.rows: tuple[JobRow, ...] = ()
        self.earlier: frozenset[int] = frozenset()  # those that had ended before
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    @property
    def waiting(self) -> tuple[int, ...]:
        """The numbers of the jobs that wait, in their order."""
        return tuple(row.id for row in self.rows if row.waits)

    def row(self, job: int) -> JobRow | None:
        """Find a job among them."""
        return next((row for row in self.rows if row.id == job), None)

    def title(self, row: JobRow) -> str:
        """Call a job by what it does; read once, for a batch of thousands is a long text."""
        if row.id not in self._titles:
            try:
                spec = spec_from_text(row.spec, f"job {row.id}")
            except JobError:  # another SeqStudio wrote it
                self._titles[row.id] = f"{row.plugin} {row.name}"
            else:
                self._titles[row.id] = title_of(spec, self._operation(row))
        return self._titles[row.id]

    def _operation(self, row: JobRow) -> str:
        """Give the title of a job's operation; "" where it has none, or its plugin is gone."""
        with suppress(JobError):
            if row.verb == "operation":
                return self._studio.catalogue.plugin(row.plugin).operation(row.name).title
        return ""

    def told(self, row: JobRow) -> str:
        """Say what came of a job that has ended: why it failed, or what it made."""
        if row.state not in ENDED:
            return ""
        if row.id not in self._told:
            self._told[row.id] = outcome(row, self._studio.jobs)
        return self._told[row.id]

    def read(self) -> None:
        """Read the books, and tell."""
        jobs = self._studio.jobs
        live = (*jobs.under_way(), *jobs.queue())
        for row in live:
            self._seen.add(row.id)
            self._told.pop(row.id, None)
        ended = jobs.ended(NEWEST)
        before = tuple(filter(self._is_earlier, ended))[:EARLIER]
        self.rows = (*live, *(row for row in ended if not self._is_earlier(row)), *before)
        self.earlier = frozenset(row.id for row in before)
        self.changed.emit()

    def rest(self) -> None:
        """Look no more, when the app ends."""
        self._timer.stop()

    def _is_earlier(self, row: JobRow) -> bool:
        unseen = row.id not in self._seen and row.created < self._opened
        return unseen and row.state != "interrupted"

    def _look(self) -> None:
        stamp = self._studio.jobs.stamp()
        if stamp != self._stamp:
            self._stamp = stamp
            self.read()


def outcome(row: JobRow, jobs: Jobs) -> str:
    """Say in a line what came of a job, from the first item that failed, else from what it made."""
    failed, done = row.counts.get("failed", 0), row.counts.get("done", 0)
    item = jobs.first(row.id, "failed" if failed else "done")
    if failed and item:
        name = f"{Path(item.name).name}: " if sum(row.counts.values()) > 1 else ""
        return name + item.reason
    made = [item.summary, *(placed.path.name for placed in item.outputs)] if item else []
    first = next(filter(None, made), "")
    return f"{first}, and {done - 1} more" if first and done > 1 else first or note(row)


def note(row: JobRow) -> str:
    """Give the line that a training ends with."""
    return str(row.value.get("note", ""))
