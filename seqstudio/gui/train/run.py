"""One run as the page shows it: ledger, curves, previews, and how far it is."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from seqstudio.contracts.data import Ledger
from seqstudio.gui.train.curves import Curves
from seqstudio.gui.train.log import RunRead
from seqstudio.gui.train.previews import Previews, stage_of
from seqstudio.host.text_format import duration
from seqstudio.services.events import Evaluated, Event, Finished, Preview, Step

State = Literal[
    "reading", "queued", "waiting", "running", "stopping", "stopped", "finished", "failed"
]
WINDOW_S = 30.0  # over which speed is measured

SAID: dict[State, str] = {
    "reading": "Reading the run",
    "queued": "Waiting for its turn",
    "waiting": "Looking at the data",
    "running": "Training",
    "stopping": "Stopping after this step",
    "stopped": "Stopped; it can go on",
    "finished": "Finished",
    "failed": "Failed",
}


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a training is, measured over the last half minute."""

    steps_per_s: float
    left_s: float


class TrainRun:
    """What is known of one run, from its folder and from the events of its job."""

    def __init__(
        self,
        folder: Path,
        task: str,
        data: Path | None,
        state: State,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder, self.task, self.data, self.state = folder, task, data, state
        self.job = 0  # that trains it now; 0 for none
        self.begun = False  # its folder was made
        self.ledger: Ledger | None = None
        self.curves, self.previews = Curves(), Previews()
        self.fraction = 0.0
        self.epochs = 0  # in all, once the folder was read
        self.epoch = 0  # from 0
        self.best: Evaluated | None = None
        self.warning = ""  # of the gradient flow
        self.note = ""  # how it ended
        self._clock = clock
        self._seen: deque[tuple[float, float, int]] = deque()  # second, fraction, step

    @property
    def goes(self) -> bool:
        """Whether a job trains it now."""
        return self.state in ("queued", "waiting", "running", "stopping")

    @property
    def resumable(self) -> bool:
        """Whether it can go on from a checkpoint."""
        return self.state in ("stopped", "failed") and self.begun

    @property
    def step(self) -> int:
        """The newest step."""
        return self.curves.last

    @property
    def keepable(self) -> bool:
        """Whether it has learned anything that could be kept."""
        return self.step > 0

    def begin(self, read: RunRead) -> None:
        """Take in what the run begins with."""
        self.begun = True
        self.task, self.ledger, self.epochs = read.spec.task, read.ledger, read.spec.config.epochs

    def read(self, read: RunRead) -> None:
        """Take in the run's folder: all that happened. Slow for long runs: call it on a thread."""
        self.begin(read)
        for event in read.events:
            self._take(event)
        last = read.events[-1] if read.events else None
        over = isinstance(last, Finished) and last.reason != "stopped"
        self.state = "finished" if over else "stopped"

    def follow_up(self, before: "TrainRun") -> None:
        """Show what the person chose to see of this run before, and why it failed if it did."""
        self.curves.smoothing = before.curves.smoothing
        shown = {one.name: one.shown for one in before.curves.valid.series}
        for one in self.curves.valid.series:
            one.shown = shown.get(one.name, one.shown)
        if not before.previews.follows:
            self.previews.go(before.previews.at)
        if before.state == "failed":
            self.state, self.note = "failed", before.note

    def hear(self, event: Event) -> None:
        """Take in an event of the job that trains it."""
        if self.state in ("queued", "waiting"):
            self.state = "running"
        self._take(event)
        if isinstance(event, Step):
            now = self._clock()
            self._seen.append((now, event.fraction, event.step))
            while now - self._seen[0][0] > WINDOW_S:
                self._seen.popleft()

    def _take(self, event: Event) -> None:
        self.curves.hear(event)
        match event:
            case Step():
                self.fraction, self.epoch = event.fraction, event.epoch
                if event.flow:
                    self.warning = _warning(event)
            case Evaluated() if event.best:
                self.best = event
            case Preview():
                self.previews.add(stage_of(event, self.folder))
            case Finished():
                self.note = event.note

    @property
    def speed(self) -> Speed | None:
        """Steps a second and seconds left; None before two steps were seen."""
        if self.state != "running" or len(self._seen) < 2:
            return None
        (begun, first, before), (now, fraction, step) = self._seen[0], self._seen[-1]
        if now <= begun or fraction <= first:
            return None
        left = (1 - fraction) * (now - begun) / (fraction - first)
        return Speed((step - before) / (now - begun), left)

    def pause_clock(self) -> None:
        """Forget how fast it was: it stands still."""
        self._seen.clear()


def _warning(event: Step) -> str:
    verdict = str(event.flow.get("verdict", ""))
    mark = "" if verdict.startswith("fine") else "⚠ "
    return f"{mark}Step {event.step}: gradient {verdict}" if verdict else ""


def progress_line(run: TrainRun) -> str:
    """Say in a line how far a run is, how fast, and how good."""
    early = run.state == "stopped" and not (run.begun or run.step)
    parts = ["Stopped before it began" if early else SAID[run.state]]
    if run.step:
        of = f" of {run.epochs}" if run.epochs else ""
        parts.append(
            f"epoch {min(run.epoch + 1, run.epochs or run.epoch + 1)}{of}, step {run.step}"
        )
    if speed := run.speed:
        parts.append(f"{speed.steps_per_s:.3g} steps a second")
        parts.append(f"{duration(speed.left_s)} left")
    if run.best:
        parts.append(f"best {run.best.monitor} {run.best.value:.4g} at step {run.best.step}")
    return " · ".join(parts)
