"""Jobs whose results belong into the session: heard while they run, entered when they are done."""

from collections import deque
from collections.abc import Callable, Iterator
from functools import partial

from PySide6.QtCore import QObject, Signal

from seqstudio.contracts.manifest import Port
from seqstudio.errors import JobError, SeqStudioError
from seqstudio.gui.workspace.background import Background
from seqstudio.gui.workspace.job_queue import JobQueue
from seqstudio.gui.workspace.results import Found, entering, name_of, read_results
from seqstudio.host.jobs.database import ItemRow, JobRow
from seqstudio.host.jobs.events import (
    ItemDone,
    ItemProgress,
    ItemStarted,
    JobEvent,
    JobFinished,
    PartialText,
)
from seqstudio.host.studio import Studio
from seqstudio.session.session import JobLink, Session


class Live(QObject):
    """What running jobs have found so far for a clip or a take; provisional, never stored."""

    changed = Signal(str)  # id of the clip or take

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._texts: dict[str, str] = {}
        self._fractions: dict[str, float] = {}

    def text(self, id: str) -> str:
        """Give the text so far; "" where nothing runs for it, or nothing is heard yet."""
        return self._texts.get(id, "")

    def fraction(self, id: str) -> float | None:
        """Say how far a job for it is, 0 to 1; None where none runs."""
        return self._fractions.get(id)

    def hear(self, id: str, event: JobEvent) -> None:
        """Take in what happened to an item that is for this clip or take."""
        match event:
            case ItemStarted():
                self._fractions[id] = 0.0
            case ItemProgress(fraction=fraction):
                self._fractions[id] = fraction
            case PartialText(text=text):
                self._texts[id] = text
            case _:
                self._texts.pop(id, None)
                self._fractions.pop(id, None)
        self.changed.emit(id)


class Following(QObject):
    """Enters what followed jobs make into the session, in the order in which it was made.

    Parameters
    ----------
    session : gives the session that is open
    """

    entered = Signal()  # the session's document is another one
    failed = Signal(str)

    def __init__(
        self,
        studio: Studio,
        queue: JobQueue,
        background: Background,
        session: Callable[[], Session],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.live = Live(self)
        self._studio, self._background, self._session = studio, background, session
        self._links: dict[int, JobLink] = {}
        self._pending: deque[tuple[JobLink, ItemRow | None]] = deque()  # None: the job is over
        self._reading = False
        queue.happened.connect(self._hear)
        self.catch_up()

    def follow(self, link: JobLink) -> None:
        """Enter what a job makes, from now on and after a restart."""
        self._session().follow(link)
        self._links[link.job] = link

    def catch_up(self) -> None:
        """Go on with the session that is open now: what its jobs made without it is entered."""
        self._links = {link.job: link for link in self._session().links}
        self._pending.clear()
        for link in self._links.values():
            if self._row(link) is not None:
                items = self._studio.jobs.items(link.job)
                self._pending.extend((link, item) for item in items if item.state == "done")
                self._end_if_over(link)
        self._read_next()

    def _hear(self, job: int, event: JobEvent) -> None:
        link = self._links.get(job)
        if link is None:
            return
        if isinstance(event, JobFinished):
            for id in set(link.items):
                self.live.hear(id, event)
            self._end_if_over(link)
        elif target := _target(link, event.item):
            self.live.hear(target, event)
        if isinstance(event, ItemDone):
            self._pending.append((link, self._studio.jobs.item(job, event.item)))
        self._read_next()

    def _end_if_over(self, link: JobLink) -> None:
        """Follow a job no longer, once all it could make is in."""
        row = self._row(link)
        if row and row.state == "done" and not row.counts.get("failed"):
            self._pending.append((link, None))

    def _read_next(self) -> None:
        """Read the oldest results that wait, on a thread, one item after the other."""
        while self._pending and not self._reading:
            link, item = self._pending.popleft()
            if item is None:
                self._session().unfollow(link.job)
                self._links.pop(link.job, None)
                continue
            ports = tuple(self._ports(link))
            self._reading = True
            self._background.run(
                partial(read_results, item, ports),
                partial(self._enter, self._session(), link, item.number),
                self._apologise,
            )

    def _enter(self, session: Session, link: JobLink, number: int, found: Found) -> None:
        self._reading = False
        if session is self._session():
            target = _target(link, number)
            name = name_of(link.title, link.items, target, session.document)
            operation = entering(session.document, target, name, found)
            try:
                if operation and session.enter(link.job, number, operation):
                    self.entered.emit()
            except SeqStudioError as bad:
                self.failed.emit(str(bad))
        self._read_next()

    def _apologise(self, reason: str) -> None:
        self._reading = False
        self.failed.emit(reason)
        self._read_next()

    def _ports(self, link: JobLink) -> Iterator[Port]:
        """Give the outputs of a job's operation; none where its plugin is gone."""
        row = self._row(link)
        try:
            if row and row.verb == "operation":
                plugin = self._studio.catalogue.plugin(row.plugin)
                yield from plugin.operation(row.name).outputs
        except JobError as bad:
            self.failed.emit(f"{link.title}: {bad}")

    def _row(self, link: JobLink) -> JobRow | None:
        """Find a job, unless it is another profile's: a session may have been carried here."""
        try:
            row = self._studio.jobs.get(link.job)
        except JobError:
            return None
        return row if link.created in (0.0, row.created) else None


def _target(link: JobLink, number: int) -> str:
    return link.items[number - 1] if 0 < number <= len(link.items) else ""
