"""The desk: one session, the studio and its jobs, and what is in front of the person."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from seqstudio.errors import SeqStudioError
from seqstudio.gui.workspace.background import Background
from seqstudio.gui.workspace.file_import import Intake
from seqstudio.gui.workspace.file_kinds import is_session
from seqstudio.gui.workspace.job_queue import JobQueue
from seqstudio.gui.workspace.preferences import Preferences
from seqstudio.gui.workspace.result_import import Following
from seqstudio.host.catalogue.catalogue import Catalogue, Stamp, stamp
from seqstudio.host.jobs.events import JobEvent, JobFinished
from seqstudio.host.profile import Profile
from seqstudio.host.studio import JobSpec, Studio
from seqstudio.session.document import Clip, Document, Take
from seqstudio.session.operations import AddClip, AddTake, Operation, Together
from seqstudio.session.session import JobLink, Session


def installed_stamp(profile: Profile) -> tuple[Stamp, ...]:
    """Give what changes when a plugin or a model of the person's own comes, goes or is switched."""
    return (stamp(str(profile.home / "plugins.json")), stamp(str(profile.models)))


class Workspace(QObject):
    """What all views share. Everything that is done to the session is done here.

    Parameters
    ----------
    studio : of the person's profile
    session : open; the desk closes it
    """

    changed = Signal()  # the document is another one
    chosen_changed = Signal()  # another clip or take is in front
    loading_changed = Signal()  # files, or another session, began or ended to load
    session_changed = Signal()  # another session is open, or it has another name
    session_left = Signal()  # the session before is closed: it can be opened again
    installed_changed = Signal()  # a plugin or a model came, went, or was switched
    install_asked = Signal(object)  # an Install: a plugin or a model that was brought
    closing = Signal()  # the session is about to be let go, for good
    failed = Signal(str)  # one sentence: where, what, what was expected

    def __init__(self, studio: Studio, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.studio = studio
        self.session = session
        self.preferences = Preferences(studio.profile)
        self.background = Background(self)
        self._sessions = Background(self, threads=1)  # opens and closes them, one after the other
        self.opening: Path | None = None  # the session that will take this one's place
        self._for_opening: list[Path] = []  # files that are to come into it
        self.queue = JobQueue(studio, self)
        self.queue.happened.connect(self._hear)
        self.queue.failed.connect(self.failed)
        self._closed = False
        self.chosen = _first_of(session.document)  # id of the clip or take in front; "" is none
        self._installed = installed_stamp(studio.profile)
        self._intake = Intake(self.background, self)
        self._intake.came.connect(self._let_in)
        self._intake.install_asked.connect(self.install_asked)
        self._intake.refused.connect(self.failed)
        self._intake.changed.connect(self.loading_changed)
        self._following = Following(studio, self.queue, self.background, lambda: self.session, self)
        self._following.entered.connect(self._settle)
        self._following.failed.connect(self.failed)
        self.live = self._following.live  # what running jobs have found so far

    @property
    def document(self) -> Document:
        """The session's document as it stands."""
        return self.session.document

    @property
    def loading(self) -> tuple[Path, ...]:
        """The files that are not in yet, as they were named."""
        return self._intake.waiting

    @property
    def clip(self) -> Clip | None:
        """The clip in front, if it is one."""
        return next((one for one in self.document.clips if one.id == self.chosen), None)

    @property
    def take(self) -> Take | None:
        """The take in front, if it is one."""
        return next((one for one in self.document.takes if one.id == self.chosen), None)

    def do(self, operation: Operation) -> bool:
        """Do an operation; it is on the disk when this returns. False, and told, if it fails."""
        done = self._attempt(lambda: self.session.do(operation))
        if done:
            self._settle()
        return done

    def undo(self) -> None:
        """Undo the last step; told if the disk does not take it."""
        if self.session.can_undo and self._attempt(self.session.undo):
            self._settle()

    def redo(self) -> None:
        """Do again what was undone last; told if the disk does not take it."""
        if self.session.can_redo and self._attempt(self.session.redo):
            self._settle()

    def choose(self, id: str) -> None:
        """Put a clip or a take in front; "" puts none there."""
        if id != self.chosen:
            self.chosen = id
            self.chosen_changed.emit()

    def bring_in(self, paths: Iterable[Path]) -> None:
        """Bring files in, and those below folders, in the order in which they are named.

        Each appears as soon as it and those before it are read. A session that is among them is
        opened first; what is to be installed is asked about last.
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
            self._for_opening += others
        elif others:
            self._intake.take(others)

    def open_session(self, path: Path) -> None:
        """Go on with another session as soon as it is read; files that come meanwhile go into it.

        It is told if it cannot be opened; then this one stays.
        """
        self._set_opening(path)
        self._sessions.run(lambda: Session.open(path), self._opened, self._not_opened)

    def new_session(self) -> None:
        """Begin an untitled session; the one before it is kept, untitled ones in the profile."""
        self._go_on(Session.untitled(self.studio.profile))

    def save_as(self, path: Path) -> bool:
        """Go on in another file; False, and told, if it cannot be written."""
        saved = self._attempt(lambda: self.session.save_as(path))
        if saved:
            self.session_changed.emit()
        return saved

    def submit(self, spec: JobSpec, title: str, items: tuple[str, ...] = ()) -> int:
        """Queue a job whose results belong into this session.

        Parameters
        ----------
        spec : without `out`, the outputs stay in the profile, and what they hold enters the session
        title : as the person reads it
        items : for item 1, 2, ...: the id of the clip or take that it is for

        Raises
        ------
        SeqStudioError
            If the spec names what there is not.
        """
        job = self.queue.add(spec)
        created = self.studio.jobs.get(job).created
        self._following.follow(JobLink(job, title, items, created))
        return job

    def refresh(self) -> None:
        """See what was installed, switched or removed; every form and list is drawn anew."""
        self._installed = installed_stamp(self.studio.profile)
        self.studio.refresh()
        self.installed_changed.emit()

    def look_again(self) -> None:
        """Refresh if plugins or models changed by other hands: a command, or the crash counter."""
        profile = self.studio.profile
        if installed_stamp(profile) != self._installed:
            self.background.run(
                lambda: Catalogue.load(profile), lambda _: self.refresh(), self.failed.emit
            )

    def close(self) -> None:
        """Let go of the session, when the window closes; once."""
        if self._closed:
            return
        self._closed = True
        self.closing.emit()
        self._intake.forget()
        self.queue.close()
        self.background.finish()
        self._sessions.finish()
        with suppress(SeqStudioError):  # all of it is on the disk, and its holder is about to end
            self.session.close()

    def _attempt(self, work: Callable[[], object]) -> bool:
        """Do what may fail by no fault of ours; False, and told, if it does."""
        try:
            work()
        except SeqStudioError as bad:
            self.failed.emit(str(bad))
            return False
        return True

    def _set_opening(self, path: Path | None) -> None:
        self.opening = path
        self.loading_changed.emit()

    def _opened(self, session: Session) -> None:
        self._set_opening(None)
        self._go_on(session)
        self._take_in()

    def _not_opened(self, reason: str) -> None:
        self._set_opening(None)
        self.failed.emit(reason)
        self._take_in()

    def _take_in(self) -> None:
        """Bring in what came while a session was being opened."""
        files, self._for_opening = self._for_opening, []
        if files:
            self._intake.take(files)

    def _go_on(self, session: Session) -> None:
        before, self.session = self.session, session
        self._sessions.run(before.close, lambda _: self.session_left.emit(), self.failed.emit)
        self.chosen = _first_of(session.document)
        self._intake.forget()
        self._following.catch_up()
        self.session_changed.emit()
        self.chosen_changed.emit()
        self.changed.emit()
        if session.lost:
            self.failed.emit(session.lost)

    def _settle(self) -> None:
        """Show the document as it is now, with something in front that is in it."""
        if not (self.clip or self.take):
            self.choose("")
        self.changed.emit()

    def _let_in(self, operation: Operation) -> None:
        if self.do(operation) and not self.chosen:
            self.choose(_id_of(operation))

    def _hear(self, _job: int, event: JobEvent) -> None:
        if isinstance(event, JobFinished):
            self.look_again()


def _first_of(document: Document) -> str:
    """Give the id of what the library names first; a MIDI file is there as its take."""
    ids = [clip.id for clip in document.clips if clip.kind != "midi"]
    return next(iter((*ids, *(take.id for take in document.takes))), "")


def _id_of(operation: Operation) -> str:
    """Give the id of what was brought in: of a MIDI file, its take."""
    match operation:
        case AddClip(clip=clip):
            return clip.id
        case AddTake(take=take):
            return take.id
        case Together(operations=parts):
            return _id_of(parts[-1])
    return ""
