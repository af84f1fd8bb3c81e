"""The sessions that the start page lists: untitled ones, and recent ones."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from seqstudio.errors import SeqStudioError, SessionError
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.profile import Profile
from seqstudio.session.document import Document
from seqstudio.session.files import remove
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
        found.append(PastSession(path, title_of(document), detail))
    return tuple(found)


def recent_sessions(paths: Sequence[Path]) -> tuple[PastSession, ...]:
    """Return sessions that were opened before; checks that their files exist."""
    found = []
    for path in paths[:SHOWN]:
        exists = path.is_file()
        detail = str(path.parent) if exists else f"not found in {path.parent}"
        found.append(PastSession(path, path.stem, detail, exists))
    return tuple(found)


def discard(path: Path) -> None:
    """Remove an untitled session, also one that cannot be read any more.

    Raises
    ------
    SessionError
        If a process has it open.
    """
    try:
        Session.open(path).discard()
    except SeqStudioError:
        if not path.exists():
            return  # discarded in another window
        if peek(path) is not None:  # readable, so another process has it open
            raise
        remove(path)


class WelcomeModel(QObject):
    """The lists of the start page, read on a thread."""

    changed = Signal()

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.untitled: tuple[PastSession, ...] = ()
        self.recent: tuple[PastSession, ...] = ()
        for signal in (workspace.session_changed, workspace.session_closed):
            signal.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Read the lists again."""
        profile, recent = self._workspace.studio.profile, self._workspace.preferences.recent
        self._workspace.background.run(
            lambda: (untitled_sessions(profile), recent_sessions(recent)),
            self._set_lists,
            self._workspace.failed.emit,
        )

    def open(self, session: PastSession) -> None:
        """Open a session."""
        self._workspace.open_session(session.path)

    def discard(self, session: PastSession) -> None:
        """Remove an untitled session for good."""
        self._workspace.background.run(
            lambda: discard(session.path), lambda _: self.refresh(), self._on_not_discarded
        )

    def forget(self, session: PastSession) -> None:
        """Remove a session from the list of recent ones; its file stays."""
        self._workspace.preferences.remove_recent([session.path])
        self.refresh()

    def _on_not_discarded(self, reason: str) -> None:
        self._workspace.failed.emit(reason)
        self.refresh()

    def _set_lists(self, found: tuple[tuple[PastSession, ...], tuple[PastSession, ...]]) -> None:
        if found != (self.untitled, self.recent):
            self.untitled, self.recent = found
            self.changed.emit()
