"""Clips whose files have moved or changed: noticed off the window's thread, and found again."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.session.document import Clip
from seqstudio.session.operations import Together
from seqstudio.session.relink import collect, find_clips, lost_clips, relink

SOON_MS = 200  # many files that come in at once are looked for once


class MissingFiles(QObject):
    """Knows which clips of the session have no file where they say."""

    changed = Signal()  # `clips` are others

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._workspace = workspace
        self._paths: tuple[Path, ...] | None = None  # as they were looked for last
        self.clips: tuple[Clip, ...] = ()
        workspace.session_changed.connect(self.look)
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._soon.timeout.connect(self._look_if_new)
        workspace.changed.connect(self._soon.start)
        self.look()

    @property
    def ids(self) -> frozenset[str]:
        """The ids of the clips without their files."""
        return frozenset(clip.id for clip in self.clips)

    @property
    def text(self) -> str:
        """What is missing, in a sentence; "" where nothing is."""
        if not self.clips:
            return ""
        first = self.clips[0].path
        if len(self.clips) == 1:
            return f"{first} has moved or changed since it was opened."
        return (
            f"{first} and {len(self.clips) - 1} more have moved or changed since they were opened."
        )

    def look(self) -> None:
        """Look for the files of all clips, on a thread."""
        document = self._workspace.document
        paths = self._paths = tuple(clip.path for clip in document.clips)
        self._workspace.background.run(
            partial(lost_clips, document),
            lambda lost: self._tell(lost) if paths is self._paths else None,
            self._workspace.failed.emit,
        )

    def find(self, folder: Path) -> None:
        """Look for the missing files below a folder, whatever their names are now."""
        clips, session = self.clips, self._workspace.session
        self._workspace.background.run(
            lambda: dict(find_clips(clips, folder)),
            lambda found: (
                self._found(folder, found) if session is self._workspace.session else None
            ),
            self._workspace.failed.emit,
        )

    def collect(self, folder: Path) -> None:
        """Copy the files of all clips into one folder, and go on with the copies."""
        document, session = self._workspace.document, self._workspace.session
        self._workspace.background.run(
            partial(collect, document, folder),
            lambda step: self._collected(step) if session is self._workspace.session else None,
            self._workspace.failed.emit,
        )

    def _look_if_new(self) -> None:
        if self._paths != tuple(clip.path for clip in self._workspace.document.clips):
            self.look()

    def _tell(self, lost: tuple[Clip, ...]) -> None:
        if lost != self.clips:
            self.clips = lost
            self.changed.emit()

    def _found(self, folder: Path, found: dict[str, Path]) -> None:
        present = {clip.id for clip in self._workspace.document.clips}
        found = {id: path for id, path in found.items() if id in present}
        if not found:
            self._workspace.failed.emit(f"{folder}: none of the missing files is in it")
        else:
            self._workspace.do(relink(found))

    def _collected(self, step: Together) -> None:
        if step.operations:
            self._workspace.do(step)
