"""Import the results of jobs into the session: provisional while they run, stored when done."""

from collections import deque
from collections.abc import Callable, Iterator
from functools import partial

from PySide6.QtCore import QObject, Signal

from seqstudio.contracts.manifest import Port
from seqstudio.contracts.transcript import Transcript
from seqstudio.errors import JobError
from seqstudio.gui.workspace.background import Background
from seqstudio.gui.workspace.error_report import errors_to
from seqstudio.gui.workspace.job_queue import JobQueue
from seqstudio.gui.workspace.results import (
    ItemResults,
    import_edit,
    is_partial,
    partial_transcript,
    read_results,
    result_name,
)
from seqstudio.host.jobs.database import ItemRow, JobRow
from seqstudio.host.jobs.events import (
    ItemDone,
    ItemFailed,
    ItemProgress,
    ItemStarted,
    JobEvent,
    JobFinished,
    Notice,
    PartialText,
)
from seqstudio.host.studio import Studio
from seqstudio.session.document import Clip
from seqstudio.session.edits import SetTranscript
from seqstudio.session.job_links import JobLink
from seqstudio.session.session import Session


class LiveResults(QObject):
    """The partial results of running jobs, by clip or take; provisional, never stored."""

    changed = Signal(str)  # id of the clip or take

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._texts: dict[str, str] = {}
        self._fractions: dict[str, float] = {}

    def text(self, id: str) -> str:
        """Return the text so far; "" where no job runs for it, or none has sent text yet."""
        return self._texts.get(id, "")

    def fraction(self, id: str) -> float | None:
        """Return the progress of the job for it, 0 to 1; None where none runs."""
        return self._fractions.get(id)

    def on_event(self, id: str, event: JobEvent) -> None:
        """Update from an event of an item that is for this clip or take."""
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


class ResultImporter(QObject):
    """Adds the results of linked jobs to the session, in the order in which they were made.

    Parameters
    ----------
    session : returns the open session
    """

    imported = Signal()  # the session's document has changed
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
        self.live = LiveResults(self)
        self._studio, self._background, self._session = studio, background, session
        self._links: dict[int, JobLink] = {}
        self._pending: deque[tuple[JobLink, ItemRow | None]] = deque()  # None: the job is over
        self._reading = False
        queue.job_event.connect(self._on_event)
        self.catch_up()

    def follow(self, link: JobLink) -> None:
        """Import a job's results, from now on and after a restart."""
        self._session().link_job(link)
        self._links[link.job] = link

    def catch_up(self) -> None:
        """Import what the open session's jobs made while it was closed, and follow them."""
        self._links = {link.job: link for link in self._session().links}
        self._pending.clear()
        for link in self._links.values():
            if self._row(link) is not None:
                items = self._studio.jobs.items(link.job)
                self._pending.extend((link, item) for item in items if item.state == "done")
                self._end_if_over(link)
        self._read_next()

    def _on_event(self, job: int, event: JobEvent) -> None:
        link = self._links.get(job)
        if link is None:
            return
        if isinstance(event, JobFinished):
            for id in dict.fromkeys(filter(None, link.items)):
                self._keep_partial(link, id)
                self.live.on_event(id, event)
            self._end_if_over(link)
        elif not isinstance(event, Notice) and (target := _target(link, event.item)):
            if isinstance(event, ItemFailed):
                self._keep_partial(link, target)
            self.live.on_event(target, event)
        if isinstance(event, ItemDone):
            self._pending.append((link, self._studio.jobs.item(job, event.item)))
        self._read_next()

    def _keep_partial(self, link: JobLink, id: str) -> None:
        """Store the words that were heard before an item was stopped, unless it has a transcript.

        The words of a job that continues take their place.
        """
        text, session = self.live.text(id), self._session()
        clip = next((one for one in session.document.clips if one.id == id), None)
        if not text or clip is None or (clip.transcript and not is_partial(clip.transcript)):
            return
        self._background.run(
            partial(partial_transcript, clip, text, self.live.fraction(id) or 0.0),
            partial(self._store_partial, session, link, clip),
            self.failed.emit,
        )

    def _store_partial(
        self, session: Session, link: JobLink, clip: Clip, heard: Transcript
    ) -> None:
        now = next((one for one in session.document.clips if one.id == clip.id), None)
        if session is not self._session() or now is None or now.transcript != clip.transcript:
            return  # closed, removed, or transcribed meanwhile
        with errors_to(self.failed.emit):
            session.do(SetTranscript(clip.id, heard), title=f"Words so far of {link.title}")
            self.imported.emit()

    def _end_if_over(self, link: JobLink) -> None:
        """Unfollow a job after its pending results, if it is done and no item has failed."""
        row = self._row(link)
        if row and row.state == "done" and not row.counts.get("failed"):
            self._pending.append((link, None))

    def _read_next(self) -> None:
        """Read the oldest pending results on a thread, one item after the other."""
        while self._pending and not self._reading:
            link, item = self._pending.popleft()
            if item is None:
                self._session().unlink_job(link.job)
                self._links.pop(link.job, None)
                continue
            ports = tuple(self._ports(link))
            self._reading = True
            self._background.run(
                partial(read_results, item, ports),
                partial(self._import, self._session(), link, item.number),
                self._on_failure,
            )

    def _import(self, session: Session, link: JobLink, number: int, results: ItemResults) -> None:
        self._reading = False
        if session is self._session():
            target = _target(link, number)
            name = result_name(link.title, link.items, target, session.document)
            edit = import_edit(session.document, target, name, results)
            with errors_to(self.failed.emit):
                title = f"Result of {link.title}"
                if edit and session.import_result(link.job, number, edit, title):
                    self.imported.emit()
        self._read_next()

    def _on_failure(self, reason: str) -> None:
        self._reading = False
        self.failed.emit(reason)
        self._read_next()

    def _ports(self, link: JobLink) -> Iterator[Port]:
        """Yield the outputs of a job's operation; none where its plugin is gone."""
        row = self._row(link)
        try:
            if row and row.verb == "operation":
                plugin = self._studio.catalogue.plugin(row.plugin)
                yield from plugin.operation(row.name).outputs
        except JobError as error:
            self.failed.emit(f"{link.title}: {error}")

    def _row(self, link: JobLink) -> JobRow | None:
        """Find a linked job; None if it is another profile's: a session may have been copied."""
        try:
            row = self._studio.jobs.get(link.job)
        except JobError:
            return None
        return row if link.created in (0.0, row.created) else None


def _target(link: JobLink, number: int) -> str:
    return link.items[number - 1] if 0 < number <= len(link.items) else ""
