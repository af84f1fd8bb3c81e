"""What the jobs dock decides: which job is chosen, what can be done with it, what it tells."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from seqstudio.errors import SessionError
from seqstudio.gui.widgets.banner import report
from seqstudio.gui.workspace.file_kinds import BROUGHT
from seqstudio.gui.workspace.job_cards import Action, ItemCard, JobCard, outputs_of
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.jobs.inputs import SUFFIXES
from seqstudio.services.atomic_files import faults_as

TAIL_BYTES = 8192  # of a worker's log, in a report
UNFOLD_MS = 1000  # what is done sooner does not move the window about
FOLD_MS = 4000  # after the last job has ended, for a person to see how


class DockModel(QObject):
    """The jobs, the one that is chosen, and what a person does with it."""

    changed = Signal()  # draw anew
    failed = Signal(str)

    def __init__(self, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._queue = workspace.queue
        self.chosen = 0  # number of a job; 0: none
        self.open: set[int] = set()  # jobs whose items are shown
        self.unfolded = False  # the list is shown, not only a line
        self.jobs: tuple[JobCard, ...] = ()
        self._turn = QTimer(self, singleShot=True)
        self._turn.timeout.connect(self._turn_by_itself)
        self._queue.changed.connect(self._see)
        self._see()

    @property
    def held(self) -> bool:
        """Whether jobs wait that nothing will start until the person says so."""
        return self._queue.held and bool(self._queue.waiting)

    @property
    def card(self) -> JobCard | None:
        """The job that is chosen."""
        return next((one for one in self.jobs if one.id == self.chosen), None)

    @property
    def summary(self) -> str:
        """Say in a line what goes on."""
        live = [card for card in self.jobs if card.live]
        ended = [card for card in self.jobs if card.ended and not card.earlier]
        counts = (
            (len(self._queue.waiting), f"waiting{', on hold' if self.held else ''}"),
            (len(ended), "ended"),
            (sum(card.state == "failed" for card in ended), "failed"),
            (sum(card.earlier for card in self.jobs), "earlier"),
        )
        said = [
            _live_text([card for card in live if card.state != "paused"], "running"),
            _live_text([card for card in live if card.state == "paused"], "paused"),
            *(f"{count} {what}" for count, what in counts if count),
        ]
        return ", ".join(filter(None, said)) or "No jobs"

    @property
    def busy(self) -> bool:
        """Whether anything runs or waits."""
        return any(card.live or card.state == "waiting" for card in self.jobs)

    def unfold(self, unfolded: bool) -> None:  # noqa: FBT001 - as a button tells it
        """Show the list, or only a line, until jobs come or end."""
        self._turn.stop()
        self.unfolded = unfolded
        self.changed.emit()

    def choose(self, job: int) -> None:
        """Take a job to do something with."""
        if job != self.chosen:
            self.chosen = job
            self.changed.emit()

    def show_items(self, job: int, shown: bool) -> None:  # noqa: FBT001 - as a tree tells it
        """Show or hide the files or takes of a job."""
        (self.open.add if shown else self.open.discard)(job)
        self.changed.emit()

    def items(self, job: int) -> tuple[ItemCard, ...]:
        """Give the files or takes of a job whose items are shown."""
        return self._queue.items(job) if job in self.open else ()

    def can(self, action: Action) -> bool:
        """Whether this can be done with the chosen job now."""
        card = self.card
        if card is None or action not in card.actions:
            return False
        order = self._queue.waiting
        ends = {"earlier": order[:1], "later": order[-1:]}
        return card.id not in ends.get(action, ())

    def do(self, action: Action) -> None:
        """Do it with the chosen job."""
        steps: Mapping[Action, Callable[[int], None]] = {
            "pause": self._queue.pause,
            "resume": self._queue.resume,
            "cancel": self._queue.cancel,
            "retry": self._queue.retry,
            "earlier": self._queue.earlier,
            "later": self._queue.later,
            "dismiss": self._queue.dismiss,
        }
        if self.can(action):
            steps[action](self.chosen)

    def go_on(self) -> None:
        """Start what waits."""
        self._queue.go_on()

    def hold(self) -> None:
        """Start nothing more until the person says so."""
        self._queue.hold()

    def dismiss_ended(self) -> None:
        """Show what has ended no longer."""
        self._queue.dismiss(*(card.id for card in self.jobs if card.ended))

    def outputs(self) -> tuple[Path, ...]:
        """Give the files that the chosen job has written."""
        return outputs_of(self._queue.rows(self.chosen)) if self.card else ()

    def bring_in(self, path: Path) -> None:
        """Bring an output into the session."""
        self._workspace.bring_in([path])

    def can_bring_in(self, path: Path) -> bool:
        """Whether the session has a place for a file of this kind."""
        return any(path.suffix.lower() in SUFFIXES[kind] for kind in BROUGHT)

    def save_copy(self, path: Path, target: Path) -> None:
        """Copy an output to where the person wants it."""

        def copy() -> None:
            with faults_as(SessionError, target):
                shutil.copyfile(path, target)

        self._workspace.background.run(copy, lambda _: self.failed.emit(""), self.failed.emit)

    def report(self) -> str:
        """Write what a person sends when the chosen job went wrong, with the end of its log."""
        card = self.card
        if card is None:
            return ""
        rows = self._queue.rows(card.id)
        failed = [f"{Path(row.name).name}: {row.reason}" for row in rows if row.reason]
        lines = [f"job {card.id}: {card.title}: {card.words}", card.reason, *failed]
        log = _tail(self._workspace.studio.log(card.id))
        text = "\n".join(line for line in lines if line)
        return report(f"{text}\n--- end of the worker's log\n{log}" if log else text, "jobs")

    def _see(self) -> None:
        was_busy, known = self.busy, {card.id for card in self.jobs}
        self.jobs = self._queue.jobs()
        new = [card.id for card in self.jobs if card.id not in known]
        if self.card is None or (new and not self.card.live):
            self.chosen = next(iter(new or [card.id for card in self.jobs]), 0)
        if self.busy != was_busy:
            self._turn.start(UNFOLD_MS if self._wants_list() else FOLD_MS)
        self.changed.emit()

    def _turn_by_itself(self) -> None:
        """Show the list while something runs or waits; what failed stays to be seen."""
        self.unfold(self._wants_list())

    def _wants_list(self) -> bool:
        failed = any(card.state == "failed" and not card.earlier for card in self.jobs)
        return self.busy or failed


def _live_text(cards: Sequence[JobCard], what: str) -> str:
    """Count jobs that are under way; of a lone one, say how far it is."""
    if len(cards) == 1:
        return f"{cards[0].title}: {cards[0].words}, {cards[0].fraction:.0%}"
    return f"{len(cards)} {what}" if cards else ""


def _tail(log: Path) -> str:
    """Read the end of a log, from a whole line on; "" where there is none."""
    try:
        with log.open("rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(max(0, size - TAIL_BYTES))
            text = stream.read().decode(errors="replace")
    except OSError:
        return ""
    return text.partition("\n")[2] if size > TAIL_BYTES else text
