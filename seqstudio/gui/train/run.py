"""One run as the page shows it: state, progress, ledger, curves and previews."""

import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from seqstudio.contracts.data import Ledger
from seqstudio.gui.train.curves import Curves
from seqstudio.gui.train.previews import Previews, stage_of
from seqstudio.gui.train.run_folder import RunContents
from seqstudio.gui.widgets.metric_text import metric_text, metric_value
from seqstudio.gui.workspace.state_words import WORDS, time_left
from seqstudio.services.events import (
    AverageKind,
    Evaluated,
    Event,
    Finished,
    PresetChosen,
    Preview,
    TrainingStep,
    average_text,
)
from seqstudio.services.judgement import Judgement
from seqstudio.services.runs import RunSpec

RunState = Literal[
    "reading", "queued", "waiting", "running", "paused", "stopping", "stopped", "finished", "failed"
]
WINDOW_S = 30.0  # the speed is measured over this time

STATE_TEXT: dict[RunState, str] = {
    "reading": "Reading the run",
    "queued": WORDS["waiting"],
    "waiting": f"{WORDS['running']} · reading the data",
    "running": WORDS["running"],
    "paused": WORDS["paused"],
    "stopping": f"{WORDS['stopping']} after this step",
    "stopped": f"{WORDS['cancelled']} · can be resumed",
    "finished": WORDS["done"],
    "failed": WORDS["failed"],
}


class TrainRun:
    """The state of one run, from its folder and from the events of its job."""

    def __init__(
        self,
        folder: Path,
        task: str,
        data: Path | None,
        state: RunState,
        clock: Callable[[], float] = time.monotonic,
        *,
        learns: bool = False,
    ) -> None:
        self.folder, self.task, self.data, self.state = folder, task, data, state
        self.learns = learns  # from corrections: it is measured before and after
        self.judgement: Judgement | None = None  # once it has been
        self.measured_again = False  # its training is over
        self.job = 0  # the job that trains it now; 0 if there is none
        self.started = False  # its folder exists
        self.spec: RunSpec | None = None  # once the folder has been read
        self.ledger: Ledger | None = None
        self.curves, self.previews = Curves(), Previews()
        self.fraction = 0.0
        self.epochs = 0  # in total, once the folder has been read
        self.epoch = 0  # from 0
        self.best: Evaluated | None = None
        self.suited = ""  # the preset that suits the data, and why, if the task chose it
        self.warning = ""  # of the gradient flow
        self.message = ""  # how it ended
        self._clock = clock
        self._recent_steps: deque[tuple[float, int]] = deque()  # second, step

    @property
    def active(self) -> bool:
        """Whether a job trains it now, or waits to."""
        return self.state in ("queued", "waiting", "running", "paused", "stopping")

    @property
    def resumable(self) -> bool:
        """Whether it can continue from a checkpoint."""
        return self.state in ("stopped", "failed") and self.started

    @property
    def step(self) -> int:
        """The newest step."""
        return self.curves.last

    @property
    def state_text(self) -> str:
        """The state in words, and what is done in it."""
        if self.learns and self.state in ("waiting", "running"):
            if self.measured_again:
                return f"{WORDS['running']} · measuring what it has learned"
            if self.state == "waiting":
                return f"{WORDS['running']} · measuring the model as it is"
        return STATE_TEXT[self.state]

    @property
    def trained(self) -> bool:
        """Whether it has made a step, so that its model can be saved."""
        return self.step > 0

    def load_start(self, contents: RunContents) -> None:
        """Load the spec and the ledger."""
        self.started = True
        self.spec = contents.spec
        self.learns = self.learns or contents.spec.apart > 0
        self.task, self.ledger = contents.spec.task, contents.ledger
        self.epochs = contents.spec.config.epochs

    def load(self, contents: RunContents) -> None:
        """Load a run folder with its events; slow for long runs, so call it on a thread."""
        self.load_start(contents)
        for event in contents.events:
            self._apply(event)
        last = contents.events[-1] if contents.events else None
        self.judgement = contents.judgement
        trained = isinstance(last, Finished) and last.reason != "stopped"
        ended = bool(self.judgement) or (trained and not self.learns)
        self.state = "finished" if ended else "stopped"

    def restore_view(self, before: "TrainRun") -> None:
        """Restore what the user chose to see, and the error if the run had failed."""
        self.curves.smoothing = before.curves.smoothing
        shown = {one.name: one.shown for one in before.curves.valid.series}
        for one in self.curves.valid.series:
            one.shown = shown.get(one.name, one.shown)
        if not before.previews.follows_newest:
            self.previews.select(before.previews.index)
        if before.state == "failed":
            self.state, self.message = "failed", before.message

    def add_event(self, event: Event) -> None:
        """Add an event of the job that trains it."""
        if self.state in ("queued", "waiting", "paused"):
            self.state = "running"
        self._apply(event)
        if isinstance(event, TrainingStep):
            now = self._clock()
            self._recent_steps.append((now, event.step))
            while now - self._recent_steps[0][0] > WINDOW_S:
                self._recent_steps.popleft()

    def _apply(self, event: Event) -> None:
        self.curves.add_event(event)
        match event:
            case TrainingStep():
                self.fraction, self.epoch = event.fraction, event.epoch
                self.measured_again = False
                if event.gradient_flow:
                    self.warning = _warning(event)
            case Evaluated() if event.best:
                self.best = event
            case Preview():
                self.previews.add(stage_of(event, self.folder))
            case PresetChosen():
                self.suited = event.summary
            case Finished():
                self.measured_again = self.learns
                self.message = averaged_text(event.average, event.averaged)

    @property
    def steps_per_s(self) -> float | None:
        """The speed over the last half minute; None before the second step."""
        if self.state != "running" or len(self._recent_steps) < 2:
            return None
        (start_s, first_step), (now_s, step) = self._recent_steps[0], self._recent_steps[-1]
        if now_s <= start_s or step <= first_step:
            return None
        return (step - first_step) / (now_s - start_s)

    def reset_speed(self) -> None:
        """Forget the measured speed, as training has paused."""
        self._recent_steps.clear()


def _warning(event: TrainingStep) -> str:
    verdict = str(event.gradient_flow.get("verdict", ""))
    mark = "" if verdict.startswith("fine") else "⚠ "
    return f"{mark}Step {event.step}: gradient {verdict}" if verdict else ""


def progress_line(run: TrainRun, remaining_s: float | None = None) -> str:
    """Write the progress, speed, remaining time and best metric of a run in one line."""
    not_started = run.state == "stopped" and not (run.started or run.step)
    parts = ["Stopped before it began" if not_started else run.state_text]
    if run.step:
        total = f" of {run.epochs}" if run.epochs else ""
        parts.append(
            f"epoch {min(run.epoch + 1, run.epochs or run.epoch + 1)}{total}, step {run.step}"
        )
    if steps_per_s := run.steps_per_s:
        parts.append(f"{steps_per_s:.3g} steps per second")
        if remaining_s is not None:
            parts.append(time_left(remaining_s))
    if run.best:
        metric = metric_text(run.best.monitor).title.lower()
        value = metric_value(run.best.monitor, run.best.value)
        parts.append(f"best {metric}: {value} at step {run.best.step}")
    if run.suited:
        parts.append(run.suited)
    return " · ".join(parts)


def averaged_text(kind: AverageKind, count: int) -> str:
    """Say whether the model of a finished run is an average; "" for one checkpoint alone.

    >>> averaged_text("best", 3)
    'The model is the average of the 3 best checkpoints.'
    """
    return f"The model is {average_text(kind, count)}." if kind else ""
