"""The jobs that there are to see, as the books have them; other processes write there too."""

from contextlib import suppress

from PySide6.QtCore import QObject, QTimer, Signal

from seqstudio.errors import JobError
from seqstudio.gui.jobs.cards import ENDED, title_of
from seqstudio.host.books import JobRow
from seqstudio.host.spec import spec_from_text
from seqstudio.host.studio import Studio

LOOK_MS = 1000  # between looks into the books
NEWEST = 50  # jobs that are looked at, besides those that wait


class JobList(QObject):
    """What runs, what waits in its order, and what has ended while the app was open.

    What was interrupted before is listed too, since one may want to go on with it.
    """

    changed = Signal()  # `rows` was read anew

    def __init__(self, studio: Studio, parent: QObject) -> None:
        super().__init__(parent)
        self._studio = studio
        self._seen: set[int] = set()  # jobs that were live while the app was open
        self._dismissed: set[int] = set()
        self._titles: dict[int, str] = {}
        self._stamp = -1
        self.rows: tuple[JobRow, ...] = ()
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
            spec = spec_from_text(row.spec, f"job {row.id}")
            self._titles[row.id] = title_of(spec, self._operation(row))
        return self._titles[row.id]

    def _operation(self, row: JobRow) -> str:
        """Give the title of a job's operation; "" where it has none, or its plugin is gone."""
        with suppress(JobError):
            if row.verb == "operation":
                return self._studio.catalogue.plugin(row.plugin).operation(row.name).title
        return ""

    def dismiss(self, job: int) -> None:
        """List a job no longer, until it is live again."""
        self._dismissed.add(job)
        self.read()

    def read(self) -> None:
        """Read the books, and tell."""
        waiting = self._studio.jobs.queue()
        rest = [row for row in self._studio.jobs.list(NEWEST) if not row.waits]
        live = [row for row in reversed(rest) if row.state not in ENDED]
        again = {row.id for row in (*live, *waiting)}
        self._seen |= again
        self._dismissed -= again
        ended = [row for row in rest if row.state in ENDED and self._shows(row)]
        self.rows = (*live, *waiting, *ended)
        self.changed.emit()

    def rest(self) -> None:
        """Look no more, when the app ends."""
        self._timer.stop()

    def _shows(self, row: JobRow) -> bool:
        wanted = row.id in self._seen or row.state == "interrupted"
        return wanted and row.id not in self._dismissed

    def _look(self) -> None:
        stamp = self._studio.jobs.stamp()
        if stamp != self._stamp:
            self._stamp = stamp
            self.read()
