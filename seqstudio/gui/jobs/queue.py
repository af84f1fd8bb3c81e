"""The queue of jobs: what this process runs, what waits, and what others run."""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, QSocketNotifier, QTimer, Signal

from seqstudio.errors import JobError, SeqStudioError
from seqstudio.gui.jobs.cards import ENDED, ItemCard, JobCard, card_of, item_cards
from seqstudio.gui.jobs.list import JobList
from seqstudio.gui.jobs.progress import Progress
from seqstudio.host.books import ItemRow, JobRow
from seqstudio.host.events import JobEvent, JobFinished
from seqstudio.host.jobs import Wish
from seqstudio.host.studio import JobHandle, JobSpec, Studio

TRAINING_NICE = 10  # trainings leave the processor to what the person waits for
DRAW_MS = 100  # between tellings of progress
ITEMS = 100  # of one job that are listed
FAREWELL_S = 4.0  # for jobs to end when the app does


class _Watch(QObject):
    """Hears one running job."""

    def __init__(
        self,
        handle: JobHandle,
        lane: str,
        progress: Progress,
        hear: Callable[[JobEvent], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.handle = handle
        self.lane, self.progress = lane, progress
        self._hear = hear
        self._notifier = QSocketNotifier(handle.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._poll)

    def rest(self) -> None:
        """Hear no more."""
        self._notifier.setEnabled(False)

    def _poll(self) -> None:
        for event in self.handle.poll():
            if isinstance(event, JobFinished):
                self._notifier.setEnabled(False)
            self.progress.hear(event, time.monotonic())
            self._hear(event)


class JobQueue(QObject):
    """Runs at most one training and one other job at a time; the rest waits, in the books.

    After a restart, what waited waits on until the person says so, or queues something new.
    """

    changed = Signal()  # jobs came, went, moved, or are elsewhere: draw them anew
    happened = Signal(int, object)  # a job's number, and its event
    troubled = Signal(str)  # why a job could not be started or steered

    def __init__(self, studio: Studio, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self._watched: dict[int, _Watch] = {}
        self._wishes: dict[int, Wish] = {}
        self.held = bool(studio.jobs.queue())  # waiting jobs are not started
        self._list = JobList(studio, self)
        self._list.changed.connect(self._tell)
        self._draw = QTimer(self, interval=DRAW_MS, singleShot=True)
        self._draw.timeout.connect(self._list.read)
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
        self._start_next()
        self._list.read()

    def hold(self) -> None:
        """Start nothing more; what runs goes on."""
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

    def jobs(self) -> tuple[JobCard, ...]:
        """Give what there is to see: what runs, what waits in its order, what has ended since."""
        now = time.monotonic()
        return tuple(
            card_of(
                row,
                self.progress(row.id),
                title=self._list.title(row),
                wish=self._wishes.get(row.id),
                now_s=now,
                held=self.held,
            )
            for row in self._list.rows
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
        """Let a running job wait where it is."""
        self._ask(job, "pause")

    def resume(self, job: int) -> None:
        """Let a paused job go on; queue one again that was interrupted or cancelled."""
        row = self._list.row(job)
        if row and row.state in ENDED:
            self._again(job, retry=False)
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

    def dismiss(self, job: int) -> None:
        """Show a job that has ended no longer; it stays in the books."""
        self._list.dismiss(job)

    def close(self) -> None:
        """Leave running jobs interrupted, as politely as a few seconds allow."""
        self._list.rest()
        self._draw.stop()
        deadline = time.monotonic() + FAREWELL_S
        for watch in self._watched.values():
            watch.rest()
            watch.handle.leave()
        for watch in self._watched.values():
            watch.handle.ends_within(deadline - time.monotonic())
        self._watched.clear()

    def _start_next(self) -> None:
        """Fill each free lane with the first that waits for it and can be started."""
        for row in self._studio.jobs.queue():
            if self.held or _lane(row) in {watch.lane for watch in self._watched.values()}:
                continue
            try:
                handle = self._studio.start(row.id)
            except SeqStudioError as bad:  # in the books too: it has failed, or runs elsewhere
                self.troubled.emit(str(bad))
                continue
            feeds = self._studio.jobs.feeds(row.id)
            ended = sum(row.counts.get(state, 0) for state in ("done", "failed"))
            self._watched[row.id] = _Watch(
                handle, _lane(row), Progress(feeds, ended), partial(self._hear, row.id), self
            )

    def _hear(self, job: int, event: JobEvent) -> None:
        if isinstance(event, JobFinished):
            self._watched.pop(job).deleteLater()
        self.happened.emit(job, event)
        if isinstance(event, JobFinished):
            self._start_next()
            self._list.read()
        elif not self._draw.isActive():
            self._draw.start()

    def _ask(self, job: int, wish: Wish) -> None:
        watch = self._watched.get(job)
        try:
            if watch is None:
                self._studio.jobs.ask(job, wish)
        except JobError as bad:
            self.troubled.emit(str(bad))
            return
        if watch:
            {"pause": watch.handle.pause, "resume": watch.handle.resume}.get(
                wish, watch.handle.cancel
            )()
            turn = watch.progress.go_on if wish == "resume" else watch.progress.pause
            turn(time.monotonic())
        self._wishes[job] = wish
        self._list.read()

    def _again(self, job: int, *, retry: bool) -> None:
        try:
            self._studio.enqueue_again(job, retry=retry)
        except SeqStudioError as bad:
            self.troubled.emit(str(bad))
            return
        self.go_on()

    def _move(self, job: int, before: int | None) -> None:
        try:
            self._studio.jobs.move(job, before)
        except JobError as bad:  # it was started just now
            self.troubled.emit(str(bad))
        self._list.read()

    def _tell(self) -> None:
        """Forget the wishes that have come true, and tell."""
        self._wishes = {
            job: wish
            for job, wish in self._wishes.items()
            if (row := self._list.row(job)) and _pending(row, wish)
        }
        self.changed.emit()


def _lane(row: JobRow) -> str:
    return "training" if row.verb == "train" else "other"


def _pending(row: JobRow, wish: Wish) -> bool:
    """Whether what was asked has yet to happen."""
    if row.state in ENDED or row.waits:
        return False
    return wish == "cancel" or (row.state == "paused") != (wish == "pause")
