"""The model of the training page: the form, the runs, and the current run."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from seqstudio.contracts.job import JobState
from seqstudio.errors import TrainingError
from seqstudio.gui.train.new_run import NewRun
from seqstudio.gui.train.request import (
    TaskChoice,
    TrainRequest,
    field_for_error,
    find_choice,
    resume_learning_spec,
    resume_spec,
    train_spec,
    without_settings,
)
from seqstudio.gui.train.run import TrainRun
from seqstudio.gui.train.run_folder import RunContents, read_run, read_start
from seqstudio.gui.train.runs import RecentRun, Runs
from seqstudio.gui.train.weights_choices import weights_choices
from seqstudio.gui.workspace.error_report import errors_to
from seqstudio.gui.workspace.job_status import ENDED, LIVE
from seqstudio.gui.workspace.state_words import WORDS
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.catalogue.models import FoundModel
from seqstudio.host.jobs.events import ItemFailed, ItemProgress, ItemStarted, JobEvent, JobFinished
from seqstudio.host.studio import JobSpec
from seqstudio.services.events import event_from_plain
from seqstudio.services.runs import RUN_FILE, open_run
from seqstudio.services.stored_weights import stored_weights

RESUMABLE = ("cancelled", "interrupted", "failed")  # states of a job that can be resumed
DRAW_MS = 200  # between two updates of the curves
LEDGER_MS = 300  # between attempts to read the ledger, until the worker has written it


class TrainModel(QObject):
    """Starts, monitors, stops and resumes runs, and saves their models."""

    run_changed = Signal()  # another run is current, or its state changed
    ledger_changed = Signal()
    curves_changed = Signal()  # at most every DRAW_MS
    other_changed = Signal()  # the run that the current one is compared with
    previews_changed = Signal()
    failed = Signal(str)  # one sentence
    weights_read = Signal(object)  # the `WeightsChoice`s of the current run
    model_saved = Signal(str)  # the name of the installed model
    save_failed = Signal(str)  # why

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.form = NewRun(workspace, self)
        self.run: TrainRun | None = None  # the current run; None shows the form
        self.other: TrainRun | None = None  # whose curves are drawn over those of the current run
        self.runs = Runs(workspace, self)
        self._active_runs: dict[int, TrainRun] = {}  # by job
        self._requests: dict[int, TrainRequest] = {}  # by job, until its first training event
        self._ledger_timer = QTimer(self, interval=LEDGER_MS)
        self._ledger_timer.timeout.connect(self._read_ledgers)
        self._draw_timer = QTimer(self, interval=DRAW_MS, singleShot=True)
        self._draw_timer.timeout.connect(self.curves_changed)
        workspace.queue.job_event.connect(self._on_job_event)
        self.runs.reloaded.connect(self._finish_ended_runs)
        self.runs.reloaded.connect(self._follow_jobs)

    def start(self) -> None:
        """Check the form, then start the run; errors appear at their fields."""
        self.form.check(self._start)

    def _start(self, request: TrainRequest, choice: TaskChoice) -> None:
        if request.run is None:
            return
        run = TrainRun(request.run, request.task, request.data, "queued")
        if self._submit(run, lambda: train_spec(request, choice)):
            self._requests[run.job] = request
            self._show(run)

    def new(self) -> None:
        """Show the form of a new run."""
        self.form.reset()
        self._show(None)

    def open(self, folder: Path) -> None:
        """Show a run; it is read from its folder unless this process trains it."""
        active = next((run for run in self._active_runs.values() if run.folder == folder), None)
        if active:
            self._show(active)
            return
        recent = self.runs.by_folder(folder)
        learns = bool(recent and recent.learns)
        data = recent.data if recent else None
        run = TrainRun(folder, "", data, "reading", learns=learns)
        self._show(run)
        self._read(run)

    def watch(self, job: int) -> None:
        """Show the run of a job that was queued elsewhere."""
        self._adopt(job)
        if run := self._active_runs.get(job):
            self._show(run)

    def stop(self) -> None:
        """Stop the current run after its step; it can be resumed."""
        if self.run and self.run.job:
            self.run.state = "stopping"
            self._workspace.queue.cancel(self.run.job)
            self.run_changed.emit()

    def resume(self, data: Path | None = None) -> None:
        """Resume the current run from its last checkpoint; `data` is its new place if it moved."""
        run = self.run
        if run is None or not run.resumable:
            return
        self.runs.reload()
        recent = self.runs.by_folder(run.folder)
        before, run.state, run.message = (run.state, run.message), "queued", ""
        if recent and recent.state in RESUMABLE and data is None:
            queue = self._workspace.queue
            self._activate(recent.job, run)
            (queue.retry if recent.state == "failed" else queue.resume)(recent.job)
        elif not self._submit(run, lambda: self._resuming(run, data or run.data)):
            run.state, run.message = before
        self.run_changed.emit()

    def _resuming(self, run: TrainRun, data: Path | None) -> JobSpec:
        choice = find_choice(self.form.choices, run.task)
        if choice is None:
            raise TrainingError(f"{run.folder.name}: no plugin has its task {run.task}.")
        if data is None:
            raise TrainingError(
                f"{run.folder.name}: its data is not known, expected a folder or file of data."
            )
        run.data = data
        resuming = resume_learning_spec if run.learns else resume_spec
        return resuming(choice, data, run.folder)

    def read_weights(self) -> None:
        """Look which weights the current run has; emits `weights_read`."""
        if run := self.run:
            self._workspace.background.run(
                lambda: weights_choices(run.best, stored_weights(open_run(run.folder))),
                self.weights_read.emit,
                self.save_failed.emit,
            )

    def save_model(self, name: str, step: int | None = None) -> None:
        """Install the best model of the current run, or the weights of one of its steps.

        Emits `model_saved` or `save_failed`.
        """
        if self.run is None:
            return
        if Path(name).name != name or not name.strip():
            self.save_failed.emit(f"{name!r}: expected a plain name, without '/'.")
            return
        folder, studio = self.run.folder, self._workspace.studio
        if step is None:
            work = partial(studio.models.add, folder, name.strip())
        else:
            work = partial(studio.keep_weights, folder, step, name.strip())
        self._workspace.background.run(work, self._on_model_saved, self.save_failed.emit)

    def _on_model_saved(self, model: FoundModel) -> None:
        self._workspace.refresh()
        self.model_saved.emit(model.name)

    def compare(self, folder: Path | None) -> None:
        """Read another run, to be compared with the current one; None compares with none."""
        if folder is None:
            self._set_other(None)
        else:
            self._workspace.background.run(
                partial(_read_run, TrainRun(folder, "", None, "reading")),
                self._set_other,
                self.failed.emit,
            )

    def _set_other(self, other: TrainRun | None) -> None:
        self.other = other
        self.other_changed.emit()

    def _show(self, run: TrainRun | None) -> None:
        if not (run and self.run and run.folder == self.run.folder):
            self._set_other(None)
        self.run = run
        for signal in (
            self.run_changed,
            self.ledger_changed,
            self.curves_changed,
            self.previews_changed,
        ):
            signal.emit()

    def _submit(self, run: TrainRun, spec: Callable[[], JobSpec]) -> bool:
        submitted = False
        with errors_to(self.failed.emit):
            self._activate(self._workspace.queue.add(spec()), run)
            submitted = True
        return submitted

    def _activate(self, job: int, run: TrainRun) -> None:
        run.job = job
        run.reset_speed()
        self._active_runs[job] = run
        self._ledger_timer.start()

    @property
    def remaining_s(self) -> float | None:
        """The remaining time of the current run, as the list of jobs estimates it."""
        progress = self._workspace.queue.progress(self.run.job) if self.run else None
        return progress.remaining_s(time.monotonic()) if progress else None

    def state_text(self, recent: RecentRun) -> str:
        """Return the state of a run as the page would show it."""
        active = self._active_runs.get(recent.job)
        if active:
            return active.state_text.partition(" · ")[0]
        return WORDS["waiting" if recent.state == "queued" else recent.state]

    def _follow_jobs(self) -> None:
        """Take over what the list of jobs did to the runs: retried, paused or resumed."""
        for one in self.runs.all:
            run = self._active_runs.get(one.job)
            shown = self.run is not None and self.run.folder == one.folder
            if run is None and shown and one.state in LIVE:
                self._take_over(one)
            elif run and (one.state == "paused") != (run.state == "paused"):
                if one.state == "paused" and run.state in ("waiting", "running"):
                    run.state = "paused"
                elif one.state == "running" and run.state == "paused":
                    run.state = "running"
                if run is self.run:
                    self.run_changed.emit()

    def _adopt(self, job: int) -> None:
        """Monitor a training that was started elsewhere: in the list of jobs."""
        self.runs.reload()
        recent = self.runs.by_job(job)
        if recent and job not in self._active_runs:
            self._take_over(recent)

    def _take_over(self, recent: RecentRun) -> None:
        """Monitor a run: the one that is shown, if it is the same."""
        run = self.run if self.run and self.run.folder == recent.folder else None
        learns = recent.learns
        run = run or TrainRun(recent.folder, recent.task, recent.data, "queued", learns=learns)
        run.state, run.message = "waiting" if recent.state == "running" else "queued", ""
        self._activate(recent.job, run)
        if run is self.run:
            self.failed.emit("")  # why it had failed before
            self.run_changed.emit()

    def _on_job_event(self, job: int, event: JobEvent) -> None:
        training_event = event.event if isinstance(event, ItemProgress) else {}
        if training_event and job not in self._active_runs:
            self._adopt(job)
        if (run := self._active_runs.get(job)) is None:
            return
        match event:
            case ItemStarted() if run.state == "queued":
                run.state = "waiting"
                if run is self.run:
                    self.run_changed.emit()
            case ItemProgress() if training_event:
                self._requests.pop(job, None)
                self._on_training_event(run, training_event)
            case ItemFailed(reason=reason):
                self._on_item_failed(run, job, reason)
            case JobFinished():
                self._on_job_finished(run, job, event)

    def _on_training_event(self, run: TrainRun, event: Mapping[str, Any]) -> None:
        stages, before = run.previews.stages, (run.state, run.trained)
        run.add_event(event_from_plain(event, "training event"))
        if run is not self.run:
            return
        if (run.state, run.trained) != before:
            self.run_changed.emit()
        if not self._draw_timer.isActive():
            self._draw_timer.start()
        if run.previews.stages is not stages:
            self.previews_changed.emit()

    def _on_item_failed(self, run: TrainRun, job: int, reason: str) -> None:
        request = self._requests.pop(job, None)
        field = field_for_error(reason, request) if request else ""
        run.state, run.message = "failed", reason
        if request and field:
            if run is self.run:
                self._show(None)
            self.form.set_error(field, without_settings(reason))
        elif run is self.run:
            self.failed.emit(reason)

    def _on_job_finished(self, run: TrainRun, job: int, event: JobFinished) -> None:
        del self._active_runs[job]
        self._requests.pop(job, None)
        if not self._active_runs:
            self._ledger_timer.stop()
        run.job = 0
        if run.state != "failed":
            run.state = "stopped"
        if event.reason:
            run.state, run.message = "failed", event.reason
            if run is self.run:
                self.failed.emit(event.reason)
        if (run.folder / RUN_FILE).is_file():
            self._read(run)
        if run is self.run:
            self.run_changed.emit()

    def _read(self, run: TrainRun) -> None:
        self._workspace.background.run(
            partial(_read_run, TrainRun(run.folder, "", run.data, "reading", learns=run.learns)),
            partial(self._on_read, run),
            partial(self._on_read_failed, run),
        )

    def _on_read(self, run: TrainRun, loaded: TrainRun) -> None:
        if run is self.run and not run.active:  # else it was resumed meanwhile and gets events
            loaded.restore_view(run)
            self._show(loaded)

    def _on_read_failed(self, run: TrainRun, reason: str) -> None:
        run.state, run.message = "failed", reason
        if run is self.run:
            self.run_changed.emit()
            self.failed.emit(reason)

    def _read_ledgers(self) -> None:
        for run in self._active_runs.values():
            if run.ledger is None:
                self._workspace.background.run(
                    partial(read_start, run.folder),
                    partial(self._on_start_read, run),
                    self.failed.emit,
                )

    def _on_start_read(self, run: TrainRun, contents: RunContents | None) -> None:
        if contents and run.ledger is None:
            run.load_start(contents)
            if run is self.run:
                self.ledger_changed.emit()

    def _finish_ended_runs(self) -> None:
        """Finish runs whose job has ended in the database without an event."""
        for one in self.runs.all:
            run = self._active_runs.get(one.job)
            if run and one.state in ENDED and one.job not in self._workspace.queue.running:
                state: JobState = "failed" if one.state == "failed" else "cancelled"
                self._on_job_finished(run, one.job, JobFinished(state=state, reason=one.reason))


def _read_run(run: TrainRun) -> TrainRun:
    run.load(read_run(run.folder))
    return run
