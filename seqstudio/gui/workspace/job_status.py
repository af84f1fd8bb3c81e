"""What the list of jobs shows of a job: its title, its state as text, and the possible actions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from seqstudio.gui.workspace.job_progress import JobProgress
from seqstudio.gui.workspace.state_words import WORDS, State, time_left
from seqstudio.host.jobs.database import ItemRow, JobRow
from seqstudio.host.jobs.queue import JobAction
from seqstudio.host.jobs.spec import TRAININGS, JobSpec

Action = Literal["pause", "resume", "cancel", "retry", "move_up", "move_down", "dismiss"]

LIVE = ("running", "paused", "queued")
ENDED = ("done", "failed", "cancelled", "interrupted")
WAITING = (WORDS["waiting"], f"{WORDS['waiting']}, queue paused")
RESUME_PENDING = "Waiting to resume"
REQUESTED: Mapping[JobAction, State] = {
    "pause": "pausing", "resume": "resuming", "cancel": "stopping"
}  # fmt: skip
ITEM_FRACTIONS = {"done": 1.0, "failed": None, "cancelled": None}


@dataclass(frozen=True, slots=True)
class ItemStatus:
    """One file or take of a job, as it is now."""

    number: int
    name: str
    state: State
    fraction: float | None = 0.0  # None: it ended without a result
    text: str = ""  # partial result, or why it failed, or a summary of the result
    outputs: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class JobStatus:
    """One job, as it is now."""

    id: int
    title: str
    state: str  # as in the database; "waiting" where nobody has started it
    state_text: str  # the state and the progress, for the user
    fraction: float | None  # None: it ended without a result
    text: str = ""  # partial result of what is running, or the outcome
    reason: str = ""  # why it ended early
    has_outputs: bool = False
    from_before: bool = False  # it had ended before the app was opened
    actions: frozenset[Action] = frozenset()

    @property
    def live(self) -> bool:
        """Whether a process runs it."""
        return self.state in LIVE

    @property
    def ended(self) -> bool:
        """Whether it stays as it is unless the user does something."""
        return self.state in ENDED


def title_of(spec: JobSpec, operation: str = "") -> str:
    """Return a title that names the job's work and input; without inputs, its operation's title.

    Parameters
    ----------
    spec : of the job
    operation : the title of its operation, "" where its plugin is gone

    >>> title_of(JobSpec(plugin="speech", name="transcribe", inputs={"audio": (Path("a.wav"),)}))
    'Transcribe a'
    >>> title_of(JobSpec(plugin="music", name="generate"), "Compose a new piece")
    'Compose a new piece'
    """
    if spec.verb in TRAININGS:
        data, run = (Path(str(spec.arguments.get(name, ""))).name for name in ("data", "run"))
        on = data if spec.verb == "train" else "corrections"
        return f"Train {run}: {spec.name} on {on}"
    if spec.verb != "operation":
        return f"{spec.verb.capitalize()} {Path(spec.model or spec.name).name}"
    paths = next((paths for paths in spec.inputs.values() if paths), ())
    verb = spec.name.replace("-", " ").capitalize()
    if not paths:
        return operation or verb
    return f"{verb} {paths[0].stem if len(paths) == 1 else f'{len(paths)} files'}"


def job_status(
    row: JobRow,
    progress: JobProgress | None,
    *,
    title: str,
    outcome: str = "",
    requested: JobAction | None = None,
    now_s: float = 0.0,
    queue_paused: bool = False,
    resume_pending: bool = False,
    from_before: bool = False,
) -> JobStatus:
    """Return what the list of jobs shows of a job.

    Parameters
    ----------
    row : of the job database
    progress : of a job that this process runs, else None
    title : see `title_of`
    outcome : a summary of what the job made, or why it failed
    requested : the action that was requested and has not happened yet
    now_s : on the clock of `progress`
    queue_paused : whether no waiting job is started
    resume_pending : whether it resumes as soon as its lane is free
    from_before : whether it had ended before the app was opened
    """
    state = "waiting" if row.waiting else row.state
    running = list(progress.running.values()) if progress else []
    if row.waiting:
        state_text = WAITING[queue_paused]
    else:
        state_text = _state_text(row, progress, requested, now_s, resume_pending=resume_pending)
    if from_before:
        state_text += f", {datetime.fromtimestamp(row.created):%Y-%m-%d %H:%M}"
    return JobStatus(
        id=row.id,
        title=title,
        state=state,
        state_text=state_text,
        fraction=_fraction(row, progress),
        text=next((item.text for item in reversed(running) if item.text), outcome),
        reason=row.reason,
        has_outputs=row.verb == "operation" and row.counts.get("done", 0) > 0,
        from_before=from_before,
        actions=actions_of(row, resume_pending=resume_pending),
    )


def actions_of(row: JobRow, *, resume_pending: bool = False) -> frozenset[Action]:
    """Return the actions that a job allows; one with `resume_pending` can stay paused."""
    failed = row.counts.get("failed", 0) > 0
    if row.waiting:
        return frozenset({"cancel", "move_up", "move_down"})
    if row.state in ("queued", "running") or resume_pending:
        return frozenset({"pause", "cancel"})
    if row.state == "paused":
        return frozenset({"resume", "cancel"})
    if row.state in ("interrupted", "cancelled"):
        return frozenset({"resume", "dismiss"})
    return frozenset({"retry", "dismiss"} if failed or row.state == "failed" else {"dismiss"})


def item_statuses(items: Sequence[ItemRow], progress: JobProgress | None) -> tuple[ItemStatus, ...]:
    """Return what the list of jobs shows of a job's items."""
    running = progress.running if progress else {}
    statuses = []
    for row in items:
        item = running.get(row.number)
        statuses.append(
            ItemStatus(
                number=row.number,
                name=Path(row.name).name,
                state=row.state,
                fraction=item.fraction if item else ITEM_FRACTIONS.get(row.state, 0.0),
                text=(item.text or item.message) if item else row.reason or row.summary,
                outputs=tuple(output.path for output in row.outputs),
            )
        )
    return tuple(statuses)


def _fraction(row: JobRow, progress: JobProgress | None) -> float | None:
    """Return what is done of a job; None where nothing is and it has ended."""
    if progress:
        return progress.fraction
    done = row.counts.get("done", 0)
    if row.state in ENDED and not done:
        return None
    return done / max(sum(row.counts.values()), 1)


def outputs_of(items: Iterable[ItemRow]) -> tuple[Path, ...]:
    """Return the files that a job has written."""
    return tuple(output.path for row in items for output in row.outputs)


def _state_text(
    row: JobRow,
    progress: JobProgress | None,
    requested: JobAction | None,
    now_s: float,
    *,
    resume_pending: bool,
) -> str:
    total, counts = sum(row.counts.values()), row.counts
    state = RESUME_PENDING if resume_pending else WORDS[row.state]
    if requested and row.state in LIVE:
        state = WORDS[REQUESTED[requested]]
    parts = [state if progress or row.state in ENDED else f"{state} in another window or terminal"]
    if total > 1:
        parts.append(f"{counts.get('done', 0)} of {total} done")
        if failed := counts.get("failed", 0):
            parts.append(f"{failed} failed")
    if progress and row.state == "running":
        item, left_s = next(iter(progress.running.values()), None), progress.remaining_s(now_s)
        if item and item.message:
            parts.append(item.message)
        if left_s is not None:
            parts.append(time_left(left_s))
    return ", ".join(parts)
