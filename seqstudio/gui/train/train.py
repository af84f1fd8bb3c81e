"""The training page's model: the runs there are, the one in front, and what is done to it."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from seqstudio.contracts.job import State
from seqstudio.errors import SeqStudioError, TrainingError
from seqstudio.gui.train.form import NewRun
from seqstudio.gui.train.log import RunRead, read_begun, read_run
from seqstudio.gui.train.request import (
    Request,
    TaskChoice,
    field_of,
    find_choice,
    resuming_spec,
    short,
    training_spec,
)
from seqstudio.gui.train.run import TrainRun
from seqstudio.gui.train.runs import Runs
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.catalogue.models import FoundModel
from seqstudio.host.jobs.events import ItemFailed, ItemProgress, ItemStarted, JobEvent, JobFinished
from seqstudio.host.studio import JobSpec
from seqstudio.services.events import event_from_plain

TAKEN_UP = ("cancelled", "interrupted", "failed")  # states of a job that can go on
ENDED = ("done", *TAKEN_UP)
DRAW_MS = 200  # between two drawings of curves that grow
LEDGER_MS = 300  # between looks for the ledger, until the worker has written it


class TrainModel(QObject):
    """Starts, follows, stops and resumes runs, and keeps their models."""

    run_changed = Signal()  # another run is in front, or its state is another
    ledger_changed = Signal()
    curves_changed = Signal()  # at most every DRAW_MS
    previews_changed = Signal()
    failed = Signal(str)  # one sentence
    kept = Signal(str)  # the name of a model that was installed
    not_kept = Signal(str)  # why it was not

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.form = NewRun(workspace, self)
        self.run: TrainRun | None = None  # in front; None shows the form
        self.runs = Runs(workspace, self)
        self._followed: dict[int, TrainRun] = {}  # by job
        self._asked: dict[int, Request] = {}  # by job, until it has shown that it can train
        self._ledger_timer = QTimer(self, interval=LEDGER_MS)
        self._ledger_timer.timeout.connect(self._look_for_ledgers)
        self._draw_timer = QTimer(self, interval=DRAW_MS, singleShot=True)
        self._draw_timer.timeout.connect(self.curves_changed)
        workspace.queue.happened.connect(self._hear)
        self.runs.looked.connect(self._end_what_ended)

    def start(self) -> None:
        """Check the form, then begin; what is wrong is told at its field."""
        self.form.check(self._begin)

    def _begin(self, request: Request, choice: TaskChoice) -> None:
        if request.run is None:
            return
        run = TrainRun(request.run, request.task, request.data, "queued")
        if self._submit(run, lambda: training_spec(request, choice)):
            self._asked[run.job] = request
            self._show(run)

    def new(self) -> None:
        """Put the form of a new run in front."""
        self.form.renew()
        self._show(None)

    def open(self, folder: Path) -> None:
        """Put a run in front, read from its folder unless it is being trained here."""
        going = next((run for run in self._followed.values() if run.folder == folder), None)
        if going:
            self._show(going)
            return
        known = self.runs.at(folder)
        run = TrainRun(folder, "", known.data if known else None, "reading")
        self._show(run)
        self._read(run)

    def stop(self) -> None:
        """Stop the run in front after its step; it can go on."""
        if self.run and self.run.job:
            self.run.state = "stopping"
            self._workspace.queue.cancel(self.run.job)
            self.run_changed.emit()

    def resume(self, data: Path | None = None) -> None:
        """Go on with the run in front from its last checkpoint; `data` where they have moved."""
        run = self.run
        if run is None or not run.resumable:
            return
        self.runs.look()
        known = self.runs.at(run.folder)
        before, run.state, run.note = (run.state, run.note), "queued", ""
        if known and known.state in TAKEN_UP and data is None:
            queue = self._workspace.queue
            self._follow(known.job, run)
            (queue.retry if known.state == "failed" else queue.resume)(known.job)
        elif not self._submit(run, lambda: self._resuming(run, data or run.data)):
            run.state, run.note = before
        self.run_changed.emit()

    def _resuming(self, run: TrainRun, data: Path | None) -> JobSpec:
        choice = find_choice(self.form.choices, run.task)
        if choice is None:
            raise TrainingError(f"{run.folder.name}: no plugin brings its task {run.task}.")
        if data is None:
            raise TrainingError(f"{run.folder.name}: its data are not known, expected their place.")
        run.data = data
        return resuming_spec(choice, data, run.folder)

    def keep(self, name: str) -> None:
        """Install the best model of the run in front under a name; `kept` or `not_kept` follows."""
        if self.run is None:
            return
        if Path(name).name != name or not name.strip():
            self.not_kept.emit(f"{name!r}: expected a plain name, without '/'.")
            return
        folder, models = self.run.folder, self._workspace.studio.models
        self._workspace.background.run(
            lambda: models.add(folder, name.strip()), self._kept, self.not_kept.emit
        )

    def _kept(self, model: FoundModel) -> None:
        self._workspace.refresh()
        self.kept.emit(model.name)

    def _show(self, run: TrainRun | None) -> None:
        self.run = run
        for signal in (
            self.run_changed,
            self.ledger_changed,
            self.curves_changed,
            self.previews_changed,
        ):
            signal.emit()

    def _submit(self, run: TrainRun, spec: Callable[[], JobSpec]) -> bool:
        try:
            run.job = self._workspace.queue.add(spec())
        except SeqStudioError as bad:
            self.failed.emit(str(bad))
            return False
        self._follow(run.job, run)
        return True

    def _follow(self, job: int, run: TrainRun) -> None:
        run.job = job
        run.pause_clock()
        self._followed[job] = run
        self._ledger_timer.start()

    def _adopt(self, job: int) -> None:
        """Follow a training that was taken up elsewhere: in the list of jobs."""
        self.runs.look()
        known = self.runs.of(job)
        if known is None:
            return
        run = self.run if self.run and self.run.folder == known.folder else None
        run = run or TrainRun(known.folder, known.task, known.data, "queued")
        run.state = "queued"
        self._follow(job, run)

    def _hear(self, job: int, event: JobEvent) -> None:
        told = event.event if isinstance(event, ItemProgress) else {}
        if told and job not in self._followed:
            self._adopt(job)
        if (run := self._followed.get(job)) is None:
            return
        match event:
            case ItemStarted() if run.state == "queued":
                run.state = "waiting"
                if run is self.run:
                    self.run_changed.emit()
            case ItemProgress() if told:
                self._asked.pop(job, None)
                self._heard(run, told)
            case ItemFailed(reason=reason):
                self._failed(run, job, reason)
            case JobFinished():
                self._over(run, job, event)

    def _heard(self, run: TrainRun, told: Mapping[str, Any]) -> None:
        stages, could = run.previews.stages, (run.state, run.keepable)
        run.hear(event_from_plain(told, "training event"))
        if run is not self.run:
            return
        if (run.state, run.keepable) != could:
            self.run_changed.emit()
        if not self._draw_timer.isActive():
            self._draw_timer.start()
        if run.previews.stages is not stages:
            self.previews_changed.emit()

    def _failed(self, run: TrainRun, job: int, reason: str) -> None:
        request = self._asked.pop(job, None)
        field = field_of(reason, request) if request else ""
        run.state, run.note = "failed", reason
        if request and field:
            if run is self.run:
                self._show(None)
            self.form.blame(field, short(reason))
        elif run is self.run:
            self.failed.emit(reason)

    def _over(self, run: TrainRun, job: int, event: JobFinished) -> None:
        del self._followed[job]
        self._asked.pop(job, None)
        if not self._followed:
            self._ledger_timer.stop()
        run.job = 0
        if run.state != "failed":
            run.state = "stopped"
        if event.reason:
            run.state, run.note = "failed", event.reason
            if run is self.run:
                self.failed.emit(event.reason)
        if (run.folder / "run.json").is_file():
            self._read(run)
        if run is self.run:
            self.run_changed.emit()

    def _read(self, run: TrainRun) -> None:
        self._workspace.background.run(
            partial(_read_anew, run.folder, run.data),
            partial(self._was_read, run),
            partial(self._unread, run),
        )

    def _was_read(self, run: TrainRun, anew: TrainRun) -> None:
        if run is self.run and not run.goes:  # else it was resumed meanwhile, and tells itself
            anew.follow_up(run)
            self._show(anew)

    def _unread(self, run: TrainRun, reason: str) -> None:
        run.state, run.note = "failed", reason
        if run is self.run:
            self.run_changed.emit()
            self.failed.emit(reason)

    def _look_for_ledgers(self) -> None:
        for run in self._followed.values():
            if run.ledger is None:
                self._workspace.background.run(
                    partial(read_begun, run.folder),
                    partial(self._begun, run),
                    self.failed.emit,
                )

    def _begun(self, run: TrainRun, read: RunRead | None) -> None:
        if read and run.ledger is None:
            run.begin(read)
            if run is self.run:
                self.ledger_changed.emit()

    def _end_what_ended(self) -> None:
        """End the runs whose job the books say is over, though nothing was heard of its end."""
        for one in self.runs.all:
            run = self._followed.get(one.job)
            if run and one.state in ENDED and one.job not in self._workspace.queue.running:
                state: State = "failed" if one.state == "failed" else "cancelled"
                self._over(run, one.job, JobFinished(state=state, reason=one.reason))


def _read_anew(folder: Path, data: Path | None) -> TrainRun:
    run = TrainRun(folder, "", data, "reading")
    run.read(read_run(folder))
    return run
