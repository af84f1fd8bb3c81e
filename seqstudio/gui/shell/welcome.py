"""What can be gone on with: work that was never saved under a name, and recent sessions."""

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
from seqstudio.session.peek import glance
from seqstudio.session.session import Session

DAMAGED = ".damaged-"  # in the names of what was kept when a session was mended
SHOWN = 6  # of each list
STEPS = ((86400.0, "day"), (3600.0, "hour"), (60.0, "minute"))


@dataclass(frozen=True, slots=True)
class Earlier:
    """A session from before: its file, and how it is told."""

    path: Path
    title: str
    note: str
    here: bool = True  # whether the file is where it was


def content_of(document: Document | None) -> str:
    """Say what a session holds: "2 recordings, 1 piece"; None is a damaged one.

    >>> content_of(Document())
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
    """Name a session without a file name: by its title, or by what came into it first."""
    if document is None:
        return "Untitled"
    names = [clip.name for clip in document.clips] + [take.name for take in document.takes]
    return document.title or (names[0] if names else "Untitled")


def age_text(seconds: float) -> str:
    """Say how long ago something was, in the largest whole unit.

    >>> age_text(7300)
    '2 hours ago'
    """
    for size, name in STEPS:
        if (count := int(seconds // size)) >= 1:
            return f"{count} {name}{'s' * (count > 1)} ago"
    return "just now"


def unsaved_work(profile: Profile) -> tuple[Earlier, ...]:
    """Find untitled sessions with work in them, newest first; reads files."""
    found = []
    kept = [path for path in Session.unsaved(profile) if DAMAGED not in path.name]
    for path in kept[:SHOWN]:
        try:
            document, age = glance(path), time.time() - path.stat().st_mtime
        except (SessionError, FileNotFoundError):
            if path.exists():
                raise
            continue  # discarded meanwhile
        found.append(Earlier(path, title_of(document), f"{content_of(document)}, {age_text(age)}"))
    return tuple(found)


def recent_sessions(paths: Sequence[Path]) -> tuple[Earlier, ...]:
    """Tell of sessions that were opened before; reads the disk."""
    found = []
    for path in paths[:SHOWN]:
        here = path.is_file()
        note = str(path.parent) if here else f"not found in {path.parent}"
        found.append(Earlier(path, path.stem, note, here))
    return tuple(found)


def discard(path: Path) -> None:
    """Remove an untitled session; what cannot be read any more too.

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
        if glance(path) is not None:  # it could be opened, but for its holder
            raise
        remove(path)


class Welcome(QObject):
    """What the first page offers; found on a thread."""

    changed = Signal()

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.unsaved: tuple[Earlier, ...] = ()
        self.recent: tuple[Earlier, ...] = ()
        for signal in (workspace.session_changed, workspace.session_left):
            signal.connect(self.look)
        self.look()

    def look(self) -> None:
        """Look for earlier sessions."""
        profile, recent = self._workspace.studio.profile, self._workspace.preferences.recent
        self._workspace.background.run(
            lambda: (unsaved_work(profile), recent_sessions(recent)),
            self._show,
            self._workspace.failed.emit,
        )

    def open(self, earlier: Earlier) -> None:
        """Go on with a session."""
        self._workspace.open_session(earlier.path)

    def discard(self, earlier: Earlier) -> None:
        """Remove work that was never saved under a name."""
        self._workspace.background.run(
            lambda: discard(earlier.path), lambda _: self.look(), self._not_discarded
        )

    def forget(self, earlier: Earlier) -> None:
        """Take a session off the list; its file stays."""
        self._workspace.preferences.forget([earlier.path])
        self.look()

    def _not_discarded(self, reason: str) -> None:
        self._workspace.failed.emit(reason)
        self.look()

    def _show(self, found: tuple[tuple[Earlier, ...], tuple[Earlier, ...]]) -> None:
        if found != (self.unsaved, self.recent):
            self.unsaved, self.recent = found
            self.changed.emit()
