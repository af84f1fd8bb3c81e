"""What the dock shows of a job: its title, its state in words, and what can be done with it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from seqstudio.gui.workspace.job_progress import Progress
from seqstudio.host.jobs.database import ItemRow, JobRow
from seqstudio.host.jobs.queue import Wish
from seqstudio.host.jobs.spec import JobSpec

Action = Literal["pause", "resume", "cancel", "retry", "earlier", "later", "dismiss"]

LIVE = ("running", "paused", "queued")
ENDED = ("done", "failed", "cancelled", "interrupted")
WAITS = ("Waiting", "Waiting, on hold")
RETURNS = "Waiting to go on"
WISHES = {"pause": "Pausing", "resume": "Going on", "cancel": "Stopping"}
STATES = {
    "queued": "Starting",
    "running": "Running",
    "paused": "Paused",
    "interrupted": "Interrupted",
    "done": "Done",
    "failed": "Failed",
    "cancelled": "Cancelled",
}


@dataclass(frozen=True, slots=True)
class ItemCard:
    """One file or take of a job."""

    number: int
    name: str
    state: str
    fraction: float = 0.0
    text: str = ""  # what it has found so far, or why it failed, or what came of it
    outputs: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class JobCard:
    """One job, as it is now."""

    id: int
    title: str
    state: str  # as in the books; "waiting" where nobody has started it
    words: str  # the state, and how far it is
    fraction: float
    text: str = ""  # partial text of what is under way, or what came of it
    reason: str = ""  # why it ended early
    made: bool = False  # whether it has written something
    earlier: bool = False  # it had ended before the app was opened
    actions: frozenset[Action] = frozenset()

    @property
    def live(self) -> bool:
        """Whether a process runs it."""
        return self.state in LIVE

    @property
    def ended(self) -> bool:
        """Whether nothing more comes of it, unless a person wants it to."""
        return self.state in ENDED


def title_of(spec: JobSpec, operation: str = "") -> str:
    """Call a job by what it does and on what; by its operation's title where it is given nothing.

    Parameters
    ----------
    spec : of the job
    operation : the title of its operation, "" where its plugin is gone

    >>> title_of(JobSpec(plugin="speech", name="transcribe", inputs={"audio": (Path("a.wav"),)}))
    'Transcribe a'
    >>> title_of(JobSpec(plugin="music", name="generate"), "Compose a new piece")
    'Compose a new piece'
    """
    if spec.verb == "train":
        data, run = (Path(str(spec.arguments.get(name, ""))).name for name in ("data", "run"))
        return f"Train {run}: {spec.name} on {data}"
    if spec.verb != "operation":
        return f"{spec.verb.capitalize()} {Path(spec.model or spec.name).name}"
    paths = next((paths for paths in spec.inputs.values() if paths), ())
    verb = spec.name.replace("-", " ").capitalize()
    if not paths:
        return operation or verb
    return f"{verb} {paths[0].stem if len(paths) == 1 else f'{len(paths)} files'}"


def card_of(
    row: JobRow,
    progress: Progress | None,
    *,
    title: str,
    told: str = "",
    wish: Wish | None = None,
    now_s: float = 0.0,
    held: bool = False,
    returns: bool = False,
    earlier: bool = False,
) -> JobCard:
    """Say what a job is doing.

    Parameters
    ----------
    row : of the books
    progress : of a job that this process runs, else None
    title : see `title_of`
    told : what came of it
    wish : what was asked of it and has yet to happen
    now_s : on the clock that `progress` was told
    held : what waits is not started
    returns : it goes on when there is room
    earlier : it had ended before the app was opened
    """
    state = "waiting" if row.waits else row.state
    ended = row.counts.get("done", 0) + row.counts.get("failed", 0)
    fraction = progress.fraction if progress else ended / max(sum(row.counts.values()), 1)
    moving = list(progress.moving.values()) if progress else []
    words = WAITS[held] if row.waits else _words(row, progress, wish, now_s, returns=returns)
    if earlier:
        words += f", {datetime.fromtimestamp(row.created):%Y-%m-%d %H:%M}"
    return JobCard(
        id=row.id,
        title=title,
        state=state,
        words=words,
        fraction=fraction,
        text=next((one.text for one in reversed(moving) if one.text), told),
        reason=row.reason,
        made=row.verb == "operation" and row.counts.get("done", 0) > 0,
        earlier=earlier,
        actions=actions_of(row, returns=returns),
    )


def actions_of(row: JobRow, *, returns: bool = False) -> frozenset[Action]:
    """Say what can be done with a job; one that `returns` can stay paused after all."""
    failed = row.counts.get("failed", 0) > 0
    if row.waits:
        return frozenset({"cancel", "earlier", "later"})
    if row.state in ("queued", "running") or returns:
        return frozenset({"pause", "cancel"})
    if row.state == "paused":
        return frozenset({"resume", "cancel"})
    if row.state in ("interrupted", "cancelled"):
        return frozenset({"resume", "dismiss"})
    return frozenset({"retry", "dismiss"} if failed or row.state == "failed" else {"dismiss"})


def item_cards(items: Sequence[ItemRow], progress: Progress | None) -> tuple[ItemCard, ...]:
    """Say how items are doing."""
    moving = progress.moving if progress else {}
    cards = []
    for row in items:
        at = moving.get(row.number)
        cards.append(
            ItemCard(
                number=row.number,
                name=Path(row.name).name,
                state=row.state,
                fraction=at.fraction if at else float(row.state in ("done", "failed")),
                text=(at.text or at.note) if at else row.reason or row.summary,
                outputs=tuple(placed.path for placed in row.outputs),
            )
        )
    return tuple(cards)


def outputs_of(items: Iterable[ItemRow]) -> tuple[Path, ...]:
    """Give the files that a job has written."""
    return tuple(placed.path for row in items for placed in row.outputs)


def time_left(seconds: float) -> str:
    """Say a time that is only known roughly.

    >>> time_left(3), time_left(42), time_left(100), time_left(9000)
    ('a few seconds left', 'about 40 s left', 'about 2 min left', 'about 2.5 h left')
    """
    if seconds < 10:
        return "a few seconds left"
    if seconds < 55:
        return f"about {round(seconds, -1):.0f} s left"
    if seconds < 5400:
        return f"about {max(1, round(seconds / 60))} min left"
    return f"about {seconds / 3600:.1f} h left"


def _words(
    row: JobRow, progress: Progress | None, wish: Wish | None, now_s: float, *, returns: bool
) -> str:
    total, counts = sum(row.counts.values()), row.counts
    state = RETURNS if returns else STATES[row.state]
    if wish and row.state in LIVE:
        state = WISHES[wish]
    parts = [state if progress or row.state in ENDED else f"{state} in another window or terminal"]
    if total > 1:
        parts.append(f"{counts.get('done', 0)} of {total} done")
        if failed := counts.get("failed", 0):
            parts.append(f"{failed} failed")
    if progress and row.state == "running":
        moving, left = next(iter(progress.moving.values()), None), progress.left_s(now_s)
        if moving and moving.note:
            parts.append(moving.note)
        if left is not None:
            parts.append(time_left(left))
    return ", ".join(parts)
