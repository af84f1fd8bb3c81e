"""The queue of jobs: what this process runs, what waits, and what others run."""

import time
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from seqstudio.errors import JobError, SeqStudioError
from seqstudio.gui.workspace.job_cards import ENDED, ItemCard, JobCard, card_of, item_cards
from seqstudio.gui.workspace.job_list import JobList
from seqstudio.gui.workspace.job_progress import Progress
from seqstudio.gui.workspace.running_job import Watch
from seqstudio.host.jobs.database import ItemRow, JobRow
from seqstudio.host.jobs.events import ItemProgress, JobEvent, JobFinished, PartialText
from seqstudio.host.jobs.queue import Wish
from seqstudio.host.studio import JobSpec, Studio

TRAINING_NICE = 10  # trainings leave the processor to what the person waits for
DRAW_MS = 100  # between tellings of progress
READ_MS = 150  # between looks into the books while items come and go
ITEMS = 100  # of one job that are listed
FAREWELL_S = 4.0  # for jobs to end when the app does


class JobQueue(QObject):
    """Runs at most one training and one other job at a time; the rest waits, in the books.

    A paused job leaves its lane to the next one. Resumed, it goes on as soon as its lane is free,
    before those that have not begun. After a restart, what waited waits on until the person says
    so, or queues something new.
    """

    changed = Signal()  # jobs came, went, moved, or are elsewhere: draw them anew
    happened = Signal(int, object)  # a job's number, and its event
    failed = Signal(str)  # why a job could not be started or steered

    def __init__(self, studio: Studio, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self._watched: dict[int, Watch] = {}
        self._wishes: dict[int, Wish] = {}
        self.held = bool(studio.jobs.queue())  # waiting jobs are not started
        self._list = JobList(studio, self)
        self._list.changed.connect(self._tell)
        self._draw = QTimer(self, interval=DRAW_MS, singleShot=True)
        self._draw.timeout.connect(self.changed)
        self._read = QTimer(self, interval=READ_MS, singleShot=True)
        self._read.timeout.connect(self._list.read)
        self._list.read()

    def add(self, spec: JobSpec) -> int:
        """Queue a job; give its number.

        Raises
        ------
        SeqStudioError
            If it names what there is not.
        """
        if spec.verb == "train" and not spec.nice:
            spec = replace(spec, nice=TRAINING_NICE)
        number = self._studio.enqueue(spec)
        self.go_on()
        return number

    def go_on(self) -> None:
        """Start what waits, as far as there is room."""
        self.held = False
        self._fill()
        self._list.read()

    def hold(self) -> None:
        """Start nothing more; what has begun goes on."""
        self.held = True
        self.changed.emit()

    @property
    def running(self) -> tuple[int, ...]:
        """The numbers of the jobs that this process runs."""
        return tuple(self._watched)

    @property
    def waiting(self) -> tuple[int, ...]:
        """The numbers of the jobs that wait, in their order."""
        return self._list.waiting

    def needing(self, plugin: str) -> tuple[str, ...]:
        """Give the titles of the jobs of a plugin that have not ended."""
        rows = (row for row in self._list.rows if row.plugin == plugin)
        return tuple(self._list.title(row) for row in rows if row.state not in ENDED)

    def jobs(self) -> tuple[JobCard, ...]:
        """Give what there is to see: what runs, what waits in its order, what has ended."""
        now = time.monotonic()
        return tuple(self._card(row, now) for row in self._list.rows)

    def _card(self, row: JobRow, now_s: float) -> JobCard:
        watch = self._watched.get(row.id)
        return card_of(
            row,
            watch.progress if watch else None,
            title=self._list.title(row),
            told=self._list.told(row),
            wish=self._wishes.get(row.id),
            now_s=now_s,
            held=self.held,
            returns=watch is not None and watch.returns,
            earlier=row.id in self._list.earlier,
        )

    def items(self, job: int) -> tuple[ItemCard, ...]:
        """Give the files or takes of a job, those under way and failed first; never very many."""
        return item_cards(self._studio.jobs.foremost(job, ITEMS), self.progress(job))

    def rows(self, job: int) -> tuple[ItemRow, ...]:
        """Give the items of a job as they are in the books."""
        return self._studio.jobs.items(job)

    def progress(self, job: int) -> Progress | None:
        """Say how far a job is that this process runs."""
        watch = self._watched.get(job)
        return watch.progress if watch else None

    def cancel(self, job: int) -> None:
        """Stop a job soon, or let it wait no longer; what is done stays done."""
        self._ask(job, "cancel")

    def pause(self, job: int) -> None:
        """Let a running job wait where it is, and the next one of its kind start."""
        watch = self._watched.get(job)
        if watch and watch.returns:
            watch.returns = False
            self._list.read()
        else:
            self._ask(job, "pause")

    def resume(self, job: int) -> None:
        """Let a paused job go on, now or when there is room; queue one again that had ended."""
        row, watch = self._list.row(job), self._watched.get(job)
        if row and row.state in ENDED:
            self._again(job, retry=False)
        elif watch and watch.paused and not self._free(watch.lane):
            watch.returns = True
            self._list.read()
        else:
            self._ask(job, "resume")

    def retry(self, job: int) -> None:
        """Queue a job again for the items that failed, and those it never came to."""
        self._again(job, retry=True)

    def earlier(self, job: int) -> None:
        """Let a waiting job come before the one ahead of it."""
        order = self.waiting
        at = order.index(job) if job in order else 0
        if at > 0:
            self._move(job, order[at - 1])

    def later(self, job: int) -> None:
        """Let a waiting job come behind the one after it."""
        order = self.waiting
        at = order.index(job) if job in order else len(order)
        if at + 1 < len(order):
            self._move(job, order[at + 2] if at + 2 < len(order) else None)

    def dismiss(self, *jobs: int) -> None:
        """Show jobs that have ended no longer, also after a restart; they stay in the books."""
        try:
            self._studio.jobs.dismiss(jobs)
        except JobError as bad:
            self.failed.emit(str(bad))
        self._list.read()

    def close(self) -> None:
        """Leave running jobs interrupted, as politely as a few seconds allow."""
        self._list.rest()
        self._draw.stop()
        self._read.stop()
        deadline = time.monotonic() + FAREWELL_S
        for watch in self._watched.values():
            watch.leave()
        for watch in self._watched.values():
            watch.ends_within(deadline - time.monotonic())
        self._watched.clear()

    def _free(self, lane: str) -> bool:
        return all(watch.paused or watch.lane != lane for watch in self._watched.values())

    def _fill(self) -> None:
        """Fill each free lane: with what returns to it, else with the first that can be started."""
        for job, watch in self._watched.items():
            if watch.returns and self._free(watch.lane):
                watch.ask("resume")
                self._wishes[job] = "resume"
        for row in self._studio.jobs.queue():
            if not self.held and self._free(_lane(row)):
                self._start(row)

    def _start(self, row: JobRow) -> None:
        try:
            handle = self._studio.start(row.id)
        except SeqStudioError as bad:  # in the books too: it has failed, or runs elsewhere
            self.failed.emit(str(bad))
            return
        ended = sum(row.counts.get(state, 0) for state in ("done", "failed"))
        progress = Progress(self._studio.jobs.feeds(row.id), ended)
        hear = partial(self._hear, row.id)
        self._watched[row.id] = Watch(handle, _lane(row), progress, hear, self)

    def _hear(self, job: int, event: JobEvent) -> None:
        over = isinstance(event, JobFinished)
        if over:
            self._watched.pop(job).deleteLater()
        self.happened.emit(job, event)
        if over:
            self._fill()
            self._list.read()
            return
        soon = self._draw if isinstance(event, (ItemProgress, PartialText)) else self._read
        if not soon.isActive():
            soon.start()

    def _ask(self, job: int, wish: Wish) -> None:
        if watch := self._watched.get(job):
            watch.ask(wish)
        else:
            try:
                self._studio.jobs.ask(job, wish)
            except JobError as bad:
                self.failed.emit(str(bad))
                return
        self._wishes[job] = wish
        self._list.read()

    def _again(self, job: int, *, retry: bool) -> None:
        try:
            self._studio.enqueue_again(job, retry=retry)
        except SeqStudioError as bad:
            self.failed.emit(str(bad))
            return
        self.go_on()

    def _move(self, job: int, before: int | None) -> None:
        try:
            self._studio.jobs.move(job, before)
        except JobError as bad:  # it was started just now
            self.failed.emit(str(bad))
        self._list.read()

    def _tell(self) -> None:
        """Tell, once wishes that have come true are forgotten, and free lanes filled."""
        self._wishes = {
            job: wish
            for job, wish in self._wishes.items()
            if (row := self._list.row(job)) and _pending(row, wish)
        }
        left = False
        for job, watch in self._watched.items():
            if row := self._list.row(job):
                held = not watch.paused
                watch.see(row)
                left |= held and watch.paused
        if left:
            self._fill()
            self._list.read()
        self.changed.emit()


def _lane(row: JobRow) -> str:
    return "training" if row.verb == "train" else "other"


def _pending(row: JobRow, wish: Wish) -> bool:
    """Whether what was asked has yet to happen."""
    if row.state in ENDED or row.waits:
        return False
    return wish == "cancel" or (row.state == "paused") != (wish == "pause")
