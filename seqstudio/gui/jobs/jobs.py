"""The model of the page of jobs: the selected job, what can be done with it, and its report."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from seqstudio.errors import SessionError
from seqstudio.gui.widgets.banner import error_report_text
from seqstudio.gui.workspace.file_kinds import can_import
from seqstudio.gui.workspace.job_status import Action, ItemStatus, JobStatus, outputs_of
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.services.atomic_files import os_errors_as

LOG_TAIL_BYTES = 8192  # of a worker's log, in a report


class JobsModel(QObject):
    """The listed jobs, the selected one, and the actions on it."""

    changed = Signal()
    failed = Signal(str)

    def __init__(self, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._queue = workspace.queue
        self.selected_id = 0  # number of a job; 0: none
        self.expanded: set[int] = set()  # jobs whose items are shown
        self.jobs: tuple[JobStatus, ...] = ()
        self._queue.changed.connect(self._update)
        self._update()

    @property
    def queue_paused(self) -> bool:
        """Whether jobs wait that are not started until the user starts the queue."""
        return self._queue.queue_paused and bool(self._queue.waiting)

    @property
    def selected(self) -> JobStatus | None:
        """The selected job."""
        return next((job for job in self.jobs if job.id == self.selected_id), None)

    @property
    def summary(self) -> str:
        """One line on all jobs."""
        live = [job for job in self.jobs if job.live]
        ended = [job for job in self.jobs if job.ended and not job.from_before]
        counts = (
            (len(self._queue.waiting), f"waiting{', queue paused' if self.queue_paused else ''}"),
            (len(ended), "ended"),
            (sum(job.state == "failed" for job in ended), "failed"),
            (sum(job.from_before for job in self.jobs), "earlier"),
        )
        parts = [
            _live_text([job for job in live if job.state != "paused"], "running"),
            _live_text([job for job in live if job.state == "paused"], "paused"),
            *(f"{count} {what}" for count, what in counts if count),
        ]
        return ", ".join(filter(None, parts)) or "No jobs"

    @property
    def busy(self) -> bool:
        """Whether any job runs or waits."""
        return any(job.live or job.state == "waiting" for job in self.jobs)

    def select(self, job: int) -> None:
        """Select a job by its number."""
        if job != self.selected_id:
            self.selected_id = job
            self.changed.emit()

    def show_items(self, job: int, shown: bool) -> None:  # noqa: FBT001 - a tree's signal
        """Show or hide the files or takes of a job."""
        (self.expanded.add if shown else self.expanded.discard)(job)
        self.changed.emit()

    def items(self, job: int) -> tuple[ItemStatus, ...]:
        """Return the files or takes of a job, if they are shown."""
        return self._queue.items(job) if job in self.expanded else ()

    def can(self, action: Action) -> bool:
        """Whether the selected job allows an action now."""
        job = self.selected
        if job is None or action not in job.actions:
            return False
        order = self._queue.waiting
        ends = {"move_up": order[:1], "move_down": order[-1:]}
        return job.id not in ends.get(action, ())

    @property
    def can_open_outputs(self) -> bool:
        """Whether the selected job has written files."""
        return self.selected is not None and self.selected.has_outputs

    @property
    def can_clear(self) -> bool:
        """Whether any listed job has ended."""
        return any(job.ended for job in self.jobs)

    def do(self, action: Action) -> None:
        """Carry out an action on the selected job."""
        methods: Mapping[Action, Callable[[int], None]] = {
            "pause": self._queue.pause,
            "resume": self._queue.resume,
            "cancel": self._queue.cancel,
            "retry": self._queue.retry,
            "move_up": self._queue.move_up,
            "move_down": self._queue.move_down,
            "dismiss": self._queue.dismiss,
        }
        if self.can(action):
            methods[action](self.selected_id)

    def start_queue(self) -> None:
        """Start the waiting jobs."""
        self._queue.start_queue()

    def pause_queue(self) -> None:
        """Start no more waiting jobs until the user starts the queue."""
        self._queue.pause_queue()

    def clear_ended(self) -> None:
        """Remove all ended jobs from the list."""
        self._queue.dismiss(*(job.id for job in self.jobs if job.ended))

    def outputs(self) -> tuple[Path, ...]:
        """Return the files that the selected job has written."""
        return outputs_of(self._queue.rows(self.selected_id)) if self.selected else ()

    def import_output(self, path: Path) -> None:
        """Import an output into the session."""
        self._workspace.import_files([path])

    def can_import(self, path: Path) -> bool:
        """Whether the session can hold a file of this kind."""
        return can_import(path)

    def save_copy(self, path: Path, target: Path) -> None:
        """Copy an output to another path."""

        def copy() -> None:
            with os_errors_as(SessionError, target):
                shutil.copyfile(path, target)

        self._workspace.background.run(copy, lambda _: self.failed.emit(""), self.failed.emit)

    def report(self) -> str:
        """Return a bug report on the selected job, with the end of its log."""
        job = self.selected
        if job is None:
            return ""
        rows = self._queue.rows(job.id)
        failed = [f"{Path(row.name).name}: {row.reason}" for row in rows if row.reason]
        lines = [f"job {job.id}: {job.title}: {job.state_text}", job.reason, *failed]
        text = "\n".join(line for line in lines if line)
        if log := _tail(self._workspace.studio.log(job.id)):
            text = f"{text}\n--- end of the worker's log\n{log}"
        return error_report_text(text, "jobs")

    def _update(self) -> None:
        """Read the jobs from the queue; select a new one unless a live job is selected."""
        known = {job.id for job in self.jobs}
        self.jobs = self._queue.jobs()
        new = [job.id for job in self.jobs if job.id not in known]
        if self.selected is None or (new and not self.selected.live):
            self.selected_id = next(iter(new or [job.id for job in self.jobs]), 0)
        self.changed.emit()


def _live_text(jobs: Sequence[JobStatus], what: str) -> str:
    """Count live jobs; describe a single one."""
    if len(jobs) == 1:
        return f"{jobs[0].title}: {jobs[0].state_text}, {jobs[0].fraction or 0.0:.0%}"
    return f"{len(jobs)} {what}" if jobs else ""


def _tail(log: Path) -> str:
    """Return the end of a log, from a whole line on; "" where there is none."""
    try:
        with log.open("rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(max(0, size - LOG_TAIL_BYTES))
            text = stream.read().decode(errors="replace")
    except OSError:
        return ""
    return text.partition("\n")[2] if size > LOG_TAIL_BYTES else text
