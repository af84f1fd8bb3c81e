"""The sessions that the start page lists: untitled ones, and recent ones."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from seqstudio.errors import DataError, SessionError
from seqstudio.gui.shell.picture import Picture, picture_of
from seqstudio.gui.shell.samples import Sample, read_samples
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.profile import Profile
from seqstudio.session import trash
from seqstudio.session.document import Document
from seqstudio.session.peek import peek
from seqstudio.session.session import Session

DAMAGED = ".damaged-"  # in the names of files that were kept when a session was repaired
SHOWN = 6  # of each list
UNITS = ((86400.0, "day"), (3600.0, "hour"), (60.0, "minute"))


@dataclass(frozen=True, slots=True)
class PastSession:
    """A session that can be opened again, as the start page lists it."""

    path: Path
    title: str
    detail: str
    exists: bool = True
    picture: Picture = ()  # of its first piece
    kind: str = "text"  # of its first item: "audio", "midi" or "text"


Sessions = tuple[PastSession, ...]
# untitled, recent and discarded ones, and samples
SessionLists = tuple[Sessions, Sessions, Sessions, tuple[Sample, ...]]


def content_text(document: Document | None) -> str:
    """Return what a session holds: "2 recordings, 1 piece"; None is a damaged one.

    >>> content_text(Document())
    'empty'
    """
    if document is None:
        return "damaged: opens with what can be read"
    kinds = [clip.kind for clip in document.clips]
    counts = {
        "recording": kinds.count("audio"),
        "piece": len(document.takes),
        "text": kinds.count("transcript") + kinds.count("text"),
        "table": kinds.count("table"),
    }
    parts = [f"{count} {name}{'s' * (count > 1)}" for name, count in counts.items() if count]
    return ", ".join(parts) or "empty"


def title_of(document: Document | None) -> str:
    """Return a title for an untitled session: its document's, or the name of its first item."""
    if document is None:
        return "Untitled"
    names = [clip.name for clip in document.clips] + [take.name for take in document.takes]
    return document.title or (names[0] if names else "Untitled")


def age_text(seconds: float) -> str:
    """Return how long ago something was, in the largest whole unit.

    >>> age_text(7300)
    '2 hours ago'
    """
    for size, name in UNITS:
        if (count := int(seconds // size)) >= 1:
            return f"{count} {name}{'s' * (count > 1)} ago"
    return "just now"


def untitled_sessions(profile: Profile) -> tuple[PastSession, ...]:
    """Return the untitled sessions that have content, newest first; reads files."""
    found = []
    kept = [path for path in Session.unsaved(profile) if DAMAGED not in path.name]
    for path in kept[:SHOWN]:
        try:
            document, age_s = peek(path), time.time() - path.stat().st_mtime
        except (SessionError, FileNotFoundError):
            if path.exists():
                raise
            continue  # discarded meanwhile
        detail = f"{content_text(document)}, {age_text(age_s)}"
        found.append(_past(path, title_of(document), detail, document))
    return tuple(found)


def discarded_sessions(profile: Profile) -> tuple[PastSession, ...]:
    """Return the sessions in the trash, the one discarded last first; reads files."""
    found = []
    for path in trash.trashed(profile)[:SHOWN]:
        try:
            document, age_s = peek(path), time.time() - path.stat().st_mtime
        except (SessionError, FileNotFoundError):
            continue  # deleted meanwhile
        detail = f"{content_text(document)}, discarded {age_text(age_s)}"
        found.append(_past(path, title_of(document), detail, document))
    return tuple(found)


def recent_sessions(paths: Sequence[Path]) -> tuple[PastSession, ...]:
    """Return sessions that were opened before; checks that their files exist."""
    found = []
    for path in paths[:SHOWN]:
        exists = path.is_file()
        detail = str(path.parent) if exists else f"not found in {path.parent}"
        document: Document | None = None
        if exists:
            with suppress(SessionError, FileNotFoundError):  # opening it says what is wrong
                document = peek(path)
                detail = f"{content_text(document)}, {detail}"
        found.append(replace(_past(path, path.stem, detail, document), exists=exists))
    return tuple(found)


def _past(path: Path, title: str, detail: str, document: Document | None) -> PastSession:
    """Return a session with a picture of its content."""
    takes = document.takes if document else ()
    clips = document.clips if document else ()
    recordings = any(clip.kind == "audio" for clip in clips)
    kind = "audio" if recordings and not takes else "midi" if takes else "text"
    return PastSession(
        path, title, detail, picture=picture_of(takes[0].tracks if takes else ()), kind=kind
    )


class WelcomeModel(QObject):
    """The lists of the start page, read on a thread."""

    changed = Signal()

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.untitled: tuple[PastSession, ...] = ()
        self.discarded: tuple[PastSession, ...] = ()
        self.recent: tuple[PastSession, ...] = ()
        self.samples: tuple[Sample, ...] = ()  # where there is no session to go on with
        for signal in (workspace.session_changed, workspace.session_closed):
            signal.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Read the lists again."""
        profile, recent = self._workspace.studio.profile, self._workspace.preferences.recent
        self._workspace.background.run(
            lambda: read_lists(profile, recent), self._set_lists, self._workspace.failed.emit
        )

    def open(self, session: PastSession) -> None:
        """Open a session."""
        self._workspace.open_session(session.path)

    def open_sample(self, sample: Sample) -> None:
        """Open a file in the box."""
        self._workspace.import_files([sample.path])

    def discard(self, session: PastSession) -> None:
        """Move an untitled session to the trash, from which it can be restored."""
        profile = self._workspace.studio.profile
        self._run(lambda: trash.discard(session.path, profile))

    def restore(self, session: PastSession) -> None:
        """Move a session from the trash back to the untitled ones."""
        profile = self._workspace.studio.profile
        self._run(lambda: trash.restore(session.path, profile))

    def delete(self, session: PastSession) -> None:
        """Remove a session from the trash for good; the caller has asked."""
        self._run(lambda: trash.delete(session.path))

    def forget(self, session: PastSession) -> None:
        """Remove a session from the list of recent ones; its file stays."""
        self._workspace.preferences.remove_recent([session.path])
        self.refresh()

    def _run(self, work: Callable[[], object]) -> None:
        """Call `work` on a thread, then read the lists again."""
        self._workspace.background.run(work, lambda _: self.refresh(), self._on_failed)

    def _on_failed(self, reason: str) -> None:
        self._workspace.failed.emit(reason)
        self.refresh()

    def _set_lists(self, found: SessionLists) -> None:
        if found != (self.untitled, self.recent, self.discarded, self.samples):
            self.untitled, self.recent, self.discarded, self.samples = found
            self.changed.emit()


def read_lists(profile: Profile, recent: Sequence[Path]) -> SessionLists:
    """Read the lists, and empty the trash of what is old; call it on a thread."""
    trash.sweep(profile, now_s=time.time())
    untitled, opened = untitled_sessions(profile), recent_sessions(recent)
    samples: tuple[Sample, ...] = ()
    if not untitled and not opened:
        with suppress(DataError):  # the command that opens them says that they are missing
            samples = read_samples()
    return untitled, opened, discarded_sessions(profile), samples
