"""The workspace: the open session, the studio and its jobs, and the selected clip or take."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from seqstudio.errors import SeqStudioError
from seqstudio.gui.workspace.background import Background
from seqstudio.gui.workspace.file_import import FileImporter
from seqstudio.gui.workspace.file_kinds import is_session
from seqstudio.gui.workspace.job_queue import JobQueue
from seqstudio.gui.workspace.preferences import Preferences
from seqstudio.gui.workspace.result_import import ResultImporter
from seqstudio.host.catalogue.catalogue import Catalogue
from seqstudio.host.catalogue.file_stamp import FileStamp, file_stamp
from seqstudio.host.jobs.events import JobEvent, JobFinished
from seqstudio.host.jobs.spec import TRAININGS
from seqstudio.host.profile import Profile
from seqstudio.host.studio import JobSpec, Studio
from seqstudio.session.document import Clip, Document, Take, new_id
from seqstudio.session.edits import AddClip, AddTake, CompoundEdit, Edit
from seqstudio.session.history import Entry
from seqstudio.session.job_links import JobLink
from seqstudio.session.session import Session


def installed_stamp(profile: Profile) -> tuple[FileStamp, ...]:
    """Return a value that changes with the installed plugins and imported models."""
    return (file_stamp(str(profile.home / "plugins.json")), file_stamp(str(profile.models)))


class Workspace(QObject):
    """The state that all views share. Every change to the session goes through it.

    Parameters
    ----------
    studio : of the user's profile
    session : open; the workspace closes it
    """

    changed = Signal()  # the document has changed
    selection_changed = Signal()  # another clip or take is selected
    loading_changed = Signal()  # files, or another session, began or finished loading
    session_changed = Signal()  # another session is open, or it has another name
    session_closed = Signal()  # the previous session is closed: it can be opened again
    installed_changed = Signal()  # a plugin or a model was made, installed, switched or removed
    install_requested = Signal(object)  # an InstallRequest
    closing = Signal()  # the session is about to be closed, with the window
    failed = Signal(str)  # one sentence: where, what, what was expected

    def __init__(self, studio: Studio, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.studio = studio
        self.session = session
        self.preferences = Preferences(studio.profile)
        self.background = Background(self)
        self._session_thread = Background(self, threads=1)  # opens and closes sessions in order
        self.opening: Path | None = None  # the session that will replace this one
        self._deferred: list[Path] = []  # files to import into it
        self.queue = JobQueue(studio, self)
        self.queue.job_event.connect(self._on_job_event)
        self.queue.failed.connect(self.failed)
        self._closed = False
        self.selected_id = _first_id(session.document)  # of a clip or take; "" is none
        self.document_shown = True  # whether the page of the selected clip or take is shown
        self._key = new_id()  # of this program's drops, among those of earlier ones
        self._batches: dict[int, int] = {}  # files imported so far of each drop
        self._installed = installed_stamp(studio.profile)
        self._importer = FileImporter(self.background, self)
        self._importer.imported.connect(self._add_imported)
        self._importer.install_requested.connect(self.install_requested)
        self._importer.failed.connect(self.failed)
        self._importer.changed.connect(self.loading_changed)
        self._results = ResultImporter(
            studio, self.queue, self.background, lambda: self.session, self
        )
        self._results.imported.connect(self._on_document_changed)
        self._results.failed.connect(self.failed)
        self.live = self._results.live  # partial results of running jobs

    @property
    def document(self) -> Document:
        """The session's document as it is now."""
        return self.session.document

    @property
    def loading(self) -> tuple[Path, ...]:
        """The files that are not imported yet, as they were named."""
        return self._importer.waiting

    @property
    def clip(self) -> Clip | None:
        """The selected clip; None if a take or nothing is selected."""
        return next((one for one in self.document.clips if one.id == self.selected_id), None)

    @property
    def take(self) -> Take | None:
        """The selected take; None if a clip or nothing is selected."""
        return next((one for one in self.document.takes if one.id == self.selected_id), None)

    @property
    def shown_id(self) -> str:
        """The id of the clip or take that the user sees, "" while another page is shown."""
        return self.selected_id if self.document_shown else ""

    @property
    def undo_title(self) -> str:
        """The title of what Undo undoes; "" where there is nothing."""
        entry = self.session.history.undoable(self.shown_id)
        return entry.title if entry else ""

    @property
    def redo_title(self) -> str:
        """The title of what Redo redoes; "" where there is nothing."""
        if self.session.can_redo:  # the user went back in the history
            return self.session.redo_title
        entry = self.session.history.redoable(self.shown_id)
        return entry.title if entry else ""

    def do(self, edit: Edit, *, title: str = "", batch: str = "") -> bool:
        """Apply an edit and store it; on failure emit `failed` and return False."""
        done = self._attempt(lambda: self.session.do(edit, title=title, batch=batch))
        if done:
            self._on_document_changed()
        return done

    def undo(self) -> None:
        """Undo the last step that the user sees; emit `failed` if it cannot be stored."""
        if self.undo_title:
            self._reverse(lambda: self.session.undo_in(self.shown_id))

    def redo(self) -> None:
        """Redo the last undone step that the user sees; emit `failed` if it cannot be stored."""
        if self.session.can_redo:
            if self._attempt(self.session.redo):
                self._on_document_changed()
        elif self.redo_title:
            self._reverse(lambda: self.session.redo_in(self.shown_id))

    def go_to_step(self, number: int) -> None:
        """Return to the document as it was after a step; later steps can be redone."""
        if self._attempt(lambda: self.session.go_to(number)):
            self._on_document_changed()

    def _reverse(self, work: Callable[[], Entry]) -> None:
        """Undo or redo an entry, and show what comes back."""
        before = _ids(self.document)
        entries: list[Entry] = []
        if self._attempt(lambda: entries.append(work())):
            self._on_document_changed()
            back = (entries[0].listed & _ids(self.document)) - before
            if back and self.selected_id not in back:
                self.select(next(id for id in _ids_in_order(self.document) if id in back))

    def select(self, id: str) -> None:
        """Select a clip or a take; "" selects none."""
        if id != self.selected_id:
            self.selected_id = id
            self.selection_changed.emit()

    def import_files(self, paths: Iterable[Path]) -> None:
        """Import files, and those below folders, in the order in which they are named.

        Each appears as soon as it and those before it are read. A session among them is opened
        first; installing plugins and models is requested last.
        """
        named = [Path(path) for path in paths]
        sessions = [path for path in named if is_session(path)]
        if len(sessions) > 1:
            self.failed.emit(f"{sessions[1]}: a second session, expected one at most")
            return
        others = [path for path in named if path not in sessions]
        if sessions:
            self.open_session(sessions[0])
        if self.opening:
            self._deferred += others
        elif others:
            self._importer.add(others)

    def open_session(self, path: Path) -> None:
        """Switch to another session once it is read; files named meanwhile are imported into it.

        If it cannot be opened, this session stays and `failed` is emitted.
        """
        self._set_opening(path)
        self._session_thread.run(lambda: Session.open(path), self._on_opened, self._on_not_opened)

    def new_session(self) -> None:
        """Switch to a new untitled session; the previous one is kept."""
        self._switch_to(Session.untitled(self.studio.profile))

    def save_as(self, path: Path) -> bool:
        """Continue in another file; on failure emit `failed` and return False."""
        saved = self._attempt(lambda: self.session.save_as(path))
        if saved:
            self.session_changed.emit()
        return saved

    def submit(self, spec: JobSpec, title: str, items: tuple[str, ...] = ()) -> int:
        """Queue a job whose results are added to this session; return its number.

        Parameters
        ----------
        spec : without `out`, the outputs stay in the profile, and their content enters the session
        title : for the user
        items : for item 1, 2, ...: the id of the clip or take that it is for

        Raises
        ------
        SeqStudioError
            If the spec names something that does not exist.
        """
        job = self.queue.add(spec)
        created = self.studio.jobs.get(job).created
        self._results.follow(JobLink(job, title, items, created))
        return job

    def read_models(self) -> None:
        """Read the cards of all models on a thread, so that the first form is built at once."""
        studio = self.studio
        self.background.run(lambda: studio.models.cards(), lambda _: None, self.failed.emit)

    def refresh(self) -> None:
        """Reload the installed plugins and models; every form and list updates."""
        self._installed = installed_stamp(self.studio.profile)
        self.studio.refresh()
        self.installed_changed.emit()

    def refresh_if_changed(self) -> None:
        """Refresh if another process, or the crash counter, changed the plugins or models."""
        profile = self.studio.profile
        if installed_stamp(profile) != self._installed:
            self.background.run(
                lambda: Catalogue.load(profile), lambda _: self.refresh(), self.failed.emit
            )

    def close(self) -> None:
        """Close the session, the queue and the threads; later calls do nothing."""
        if self._closed:
            return
        self._closed = True
        self.closing.emit()
        self._importer.clear()
        self.queue.close()
        self.background.finish()
        self._session_thread.finish()
        with suppress(SeqStudioError):  # every step is stored, and the process is about to end
            self.session.close()

    def _attempt(self, work: Callable[[], object]) -> bool:
        """Call `work`; on a SeqStudioError emit `failed` and return False."""
        try:
            work()
        except SeqStudioError as error:
            self.failed.emit(str(error))
            return False
        return True

    def _set_opening(self, path: Path | None) -> None:
        self.opening = path
        self.loading_changed.emit()

    def _on_opened(self, session: Session) -> None:
        self._set_opening(None)
        self._switch_to(session)
        self._import_deferred()

    def _on_not_opened(self, reason: str) -> None:
        self._set_opening(None)
        self.failed.emit(reason)
        self._import_deferred()

    def _import_deferred(self) -> None:
        """Import the files that were named while a session was being opened."""
        files, self._deferred = self._deferred, []
        if files:
            self._importer.add(files)

    def _switch_to(self, session: Session) -> None:
        before, self.session = self.session, session
        self._session_thread.run(
            before.close, lambda _: self.session_closed.emit(), self.failed.emit
        )
        self.selected_id = _first_id(session.document)
        self._importer.clear()
        self._results.catch_up()
        self.session_changed.emit()
        self.selection_changed.emit()
        self.changed.emit()
        if session.lost:
            self.failed.emit(session.lost)

    def _on_document_changed(self) -> None:
        """Deselect what is no longer in the document, and emit `changed`."""
        if not (self.clip or self.take):
            self.select("")
        self.changed.emit()

    def _add_imported(self, edit: Edit, batch: int) -> None:
        """Add one file; the files of one drop are one step, and the first is shown."""
        count = self._batches.get(batch, 0) + 1
        title = f"Add {count} files" if count > 1 else f"Add {_added_name(edit)}"
        if self.do(edit, title=title, batch=f"import {self._key} {batch}"):
            self._batches[batch] = count
            if count == 1:
                self.select(_added_id(edit))

    def _on_job_event(self, job: int, event: JobEvent) -> None:
        if isinstance(event, JobFinished):
            self.refresh_if_changed()
            if event.state == "done" and self.studio.jobs.get(job).verb in TRAININGS:
                self.installed_changed.emit()  # its model can be chosen now


def _first_id(document: Document) -> str:
    """Return the id of the library's first row; a MIDI file is listed as its take."""
    ids = [clip.id for clip in document.clips if clip.kind != "midi"]
    return next(iter((*ids, *(take.id for take in document.takes))), "")


def _ids_in_order(document: Document) -> list[str]:
    return [*(take.id for take in document.takes), *(clip.id for clip in document.clips)]


def _ids(document: Document) -> set[str]:
    return set(_ids_in_order(document))


def _added_name(edit: Edit) -> str:
    """Return the name of what an import added."""
    match edit:
        case AddClip(clip=clip):
            return clip.name
        case CompoundEdit(edits=(first, *_)):
            return _added_name(first)
    return "a file"


def _added_id(edit: Edit) -> str:
    """Return the id of what an import added: of a MIDI file, its take."""
    match edit:
        case AddClip(clip=clip):
            return clip.id
        case AddTake(take=take):
            return take.id
        case CompoundEdit(edits=parts):
            return _added_id(parts[-1])
    return ""
