"""The job queue of the app: starts waiting jobs, and steers those that run here or elsewhere."""

import time
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from seqstudio.errors import JobError, SeqStudioError
from seqstudio.gui.workspace.error_report import errors_to
from seqstudio.gui.workspace.job_list import JobList
from seqstudio.gui.workspace.job_progress import JobProgress
from seqstudio.gui.workspace.job_status import (
    ENDED,
    ItemStatus,
    JobStatus,
    item_statuses,
    job_status,
)
from seqstudio.gui.workspace.running_job import RunningJob
from seqstudio.host.jobs.database import ItemRow, JobRow
from seqstudio.host.jobs.events import ItemProgress, JobEvent, JobFinished, PartialText
from seqstudio.host.jobs.queue import JobAction
from seqstudio.host.jobs.spec import TRAININGS
from seqstudio.host.studio import JobSpec, Studio

TRAINING_NICE = 10  # trainings leave the processor to the jobs that the user waits for
PROGRESS_MS = 100  # between reports of progress
READ_MS = 150  # between reads of the database while items start and end
ITEMS = 100  # of one job that are listed
CLOSE_S = 4.0  # for running jobs to end when the app does


class JobQueue(QObject):
    """Runs at most one training and one other job at a time; the queue is in the job database.

    A paused job leaves its lane to the next one. Resumed, it continues as soon as its lane is free,
    before jobs that have not begun. After a restart the queue is paused until the user starts it
    or adds a job.
    """

    changed = Signal()  # jobs came, went, moved or progressed
    job_event = Signal(int, object)  # a job's number, and its event
    failed = Signal(str)  # why a job could not be started or steered

    def __init__(self, studio: Studio, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self._running: dict[int, RunningJob] = {}
        self._requested: dict[int, JobAction] = {}
        self.queue_paused = bool(studio.jobs.queue())  # waiting jobs are not started
        self._list = JobList(studio, self)
        self._list.changed.connect(self._update)
        self._progress_timer = QTimer(self, interval=PROGRESS_MS, singleShot=True)
        self._progress_timer.timeout.connect(self.changed)
        self._read_timer = QTimer(self, interval=READ_MS, singleShot=True)
        self._read_timer.timeout.connect(self._list.read)
        self._list.read()

    def add(self, spec: JobSpec) -> int:
        """Add a job to the queue, and start the queue; return the job's number.

        Raises
        ------
        SeqStudioError
            If the spec names something that does not exist.
        """
        if spec.verb in TRAININGS and not spec.nice:
            spec = replace(spec, nice=TRAINING_NICE)
        number = self._studio.enqueue(spec)
        self.start_queue()
        return number

    def start_queue(self) -> None:
        """Start waiting jobs, now and whenever a lane becomes free."""
        self.queue_paused = False
        self._fill_lanes()
        self._list.read()

    def pause_queue(self) -> None:
        """Start no more waiting jobs; running ones continue."""
        self.queue_paused = True
        self.changed.emit()

    @property
    def running(self) -> tuple[int, ...]:
        """The numbers of the jobs that this process runs."""
        return tuple(self._running)

    @property
    def waiting(self) -> tuple[int, ...]:
        """The numbers of the waiting jobs, in their order."""
        return self._list.waiting

    def unfinished_titles(self, plugin: str) -> tuple[str, ...]:
        """Return the titles of a plugin's jobs that have not ended."""
        rows = (row for row in self._list.rows if row.plugin == plugin)
        return tuple(self._list.title(row) for row in rows if row.state not in ENDED)

    def jobs(self) -> tuple[JobStatus, ...]:
        """Return the listed jobs: live ones, waiting ones in their order, then ended ones."""
        now = time.monotonic()
        return tuple(self._status(row, now) for row in self._list.rows)

    def _status(self, row: JobRow, now_s: float) -> JobStatus:
        running = self._running.get(row.id)
        return job_status(
            row,
            running.progress if running else None,
            title=self._list.title(row),
            outcome=self._list.outcome(row),
            requested=self._requested.get(row.id),
            now_s=now_s,
            queue_paused=self.queue_paused,
            resume_pending=running is not None and running.resume_when_free,
            from_before=row.id in self._list.from_before,
        )

    def items(self, job: int) -> tuple[ItemStatus, ...]:
        """Return at most `ITEMS` items of a job, running and failed ones first."""
        return item_statuses(self._studio.jobs.top_items(job, ITEMS), self.progress(job))

    def rows(self, job: int) -> tuple[ItemRow, ...]:
        """Return all items of a job, as the database has them."""
        return self._studio.jobs.items(job)

    def progress(self, job: int) -> JobProgress | None:
        """Return the progress of a job that this process runs."""
        running = self._running.get(job)
        return running.progress if running else None

    def cancel(self, job: int) -> None:
        """Stop a running job soon, or remove a waiting one; finished items stay."""
        self._request(job, "cancel")

    def pause(self, job: int) -> None:
        """Pause a running job, and let the next one of its lane start."""
        running = self._running.get(job)
        if running and running.resume_when_free:
            running.resume_when_free = False
            self._list.read()
        else:
            self._request(job, "pause")

    def resume(self, job: int) -> None:
        """Resume a paused job, at once or when its lane is free; queue an ended one again."""
        row, running = self._list.row(job), self._running.get(job)
        if row and row.state in ENDED:
            self._requeue(job, retry=False)
        elif running and running.paused and not self._is_free(running.lane):
            running.resume_when_free = True
            self._list.read()
        else:
            self._request(job, "resume")

    def retry(self, job: int) -> None:
        """Queue a job again for the items that failed or were not reached."""
        self._requeue(job, retry=True)

    def move_up(self, job: int) -> None:
        """Move a waiting job before the one ahead of it."""
        order = self.waiting
        at = order.index(job) if job in order else 0
        if at > 0:
            self._move(job, order[at - 1])

    def move_down(self, job: int) -> None:
        """Move a waiting job behind the one after it."""
        order = self.waiting
        at = order.index(job) if job in order else len(order)
        if at + 1 < len(order):
            self._move(job, order[at + 2] if at + 2 < len(order) else None)

    def dismiss(self, *jobs: int) -> None:
        """Remove ended jobs from the list, also after a restart; the database keeps them."""
        with errors_to(self.failed.emit, JobError):
            self._studio.jobs.dismiss(jobs)
        self._list.read()

    def close(self) -> None:
        """Leave running jobs interrupted; wait at most `CLOSE_S` for them to end."""
        self._list.stop()
        self._progress_timer.stop()
        self._read_timer.stop()
        deadline = time.monotonic() + CLOSE_S
        for running in self._running.values():
            running.interrupt()
        for running in self._running.values():
            running.ends_within(deadline - time.monotonic())
        self._running.clear()

    def _is_free(self, lane: str) -> bool:
        return all(running.paused or running.lane != lane for running in self._running.values())

    def _fill_lanes(self) -> None:
        """Fill each free lane with a job to resume, else with the first that can be started."""
        for job, running in self._running.items():
            if running.resume_when_free and self._is_free(running.lane):
                running.request("resume")
                self._requested[job] = "resume"
        for row in self._studio.jobs.queue():
            if not self.queue_paused and self._is_free(_lane(row)):
                self._start(row)

    def _start(self, row: JobRow) -> None:
        try:
            handle = self._studio.start(row.id)
        except SeqStudioError as error:  # it is marked as failed, or runs elsewhere
            self.failed.emit(str(error))
            return
        ended = sum(row.counts.get(state, 0) for state in ("done", "failed"))
        progress = JobProgress(self._studio.jobs.batches(row.id), ended)
        on_event = partial(self._on_event, row.id)
        self._running[row.id] = RunningJob(handle, _lane(row), progress, on_event, self)

    def _on_event(self, job: int, event: JobEvent) -> None:
        over = isinstance(event, JobFinished)
        if over:
            self._running.pop(job).deleteLater()
        self.job_event.emit(job, event)
        if over:
            self._fill_lanes()
            self._list.read()
            return
        is_progress = isinstance(event, (ItemProgress, PartialText))
        timer = self._progress_timer if is_progress else self._read_timer
        if not timer.isActive():
            timer.start()

    def _request(self, job: int, action: JobAction) -> None:
        if running := self._running.get(job):
            running.request(action)
        else:
            try:
                self._studio.jobs.request(job, action)
            except JobError as error:
                self.failed.emit(str(error))
                return
        self._requested[job] = action
        self._list.read()

    def _requeue(self, job: int, *, retry: bool) -> None:
        try:
            self._studio.requeue(job, retry=retry)
        except SeqStudioError as error:
            self.failed.emit(str(error))
            return
        self.start_queue()

    def _move(self, job: int, before: int | None) -> None:
        with errors_to(self.failed.emit, JobError):  # it was started just now
            self._studio.jobs.move(job, before)
        self._list.read()

    def _update(self) -> None:
        """Drop requests that were carried out, fill lanes that became free, emit `changed`."""
        self._requested = {
            job: action
            for job, action in self._requested.items()
            if (row := self._list.row(job)) and _is_pending(row, action)
        }
        freed = False
        for job, running in self._running.items():
            if row := self._list.row(job):
                was_running = not running.paused
                running.update_state(row)
                freed |= was_running and running.paused
        if freed:
            self._fill_lanes()
            self._list.read()
        self.changed.emit()


def _lane(row: JobRow) -> str:
    return "training" if row.verb in TRAININGS else "other"


def _is_pending(row: JobRow, action: JobAction) -> bool:
    """Whether a requested action has yet to happen."""
    if row.state in ENDED or row.waiting:
        return False
    return action == "cancel" or (row.state == "paused") != (action == "pause")
