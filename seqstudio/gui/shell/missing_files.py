"""Detect clips whose files have moved or changed, and find the files again."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.session.document import Clip
from seqstudio.session.edits import CompoundEdit
from seqstudio.session.relink import collect, find_moved_clips, missing_clips, relink

DELAY_MS = 200  # so that many files imported at once are checked once


class MissingFiles(QObject):
    """The clips of the session whose files are not where the session says."""

    changed = Signal()  # `clips` has changed
    collected = Signal(str)  # how many files are where now

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._workspace = workspace
        self._paths: tuple[Path, ...] | None = None  # that were checked last
        self.clips: tuple[Clip, ...] = ()
        workspace.session_changed.connect(self.check)
        self._timer = QTimer(self, singleShot=True, interval=DELAY_MS)
        self._timer.timeout.connect(self._check_if_new)
        workspace.changed.connect(self._timer.start)
        self.check()

    @property
    def ids(self) -> frozenset[str]:
        """The ids of the clips without their files."""
        return frozenset(clip.id for clip in self.clips)

    @property
    def text(self) -> str:
        """A sentence that names what is missing; "" where nothing is."""
        if not self.clips:
            return ""
        first = self.clips[0].path
        if len(self.clips) == 1:
            return f"{first} has moved or changed since it was opened."
        return (
            f"{first} and {len(self.clips) - 1} more have moved or changed since they were opened."
        )

    @property
    def beside(self) -> Path | None:
        """The folder for collected files beside the session; None for an untitled one."""
        session = self._workspace.session
        return None if session.is_untitled else session.path.with_name(f"{session.path.stem} files")

    @property
    def collect_question(self) -> str:
        """What *Collect* does, as a question."""
        count = len(self._workspace.document.clips) - len(self.clips)
        files = "its file" if count == 1 else f"its {count} files"
        if self.beside:
            return f"Copy {files} into “{self.beside.name}” beside the session?"
        return f"This session has no name yet. Give it one, and copy {files} beside it?"

    @property
    def left_out(self) -> str:
        """Which missing files are not collected; "" where none are missing."""
        if not self.clips:
            return ""
        name, more = self.clips[0].path.name, len(self.clips) - 1
        names = f"{name} and {more} more" if more else name
        return f"{names}: missing, and left out unless found first."

    def check(self) -> None:
        """Look for the files of all clips, on a thread."""
        document = self._workspace.document
        paths = self._paths = tuple(clip.path for clip in document.clips)
        self._workspace.background.run(
            partial(missing_clips, document),
            lambda lost: self._set_clips(lost) if paths is self._paths else None,
            self._workspace.failed.emit,
        )

    def find(self, folder: Path) -> None:
        """Search a folder for the missing files by content, on a thread."""
        clips, session = self.clips, self._workspace.session
        self._workspace.background.run(
            lambda: dict(find_moved_clips(clips, folder)),
            lambda found: (
                self._on_found(folder, found) if session is self._workspace.session else None
            ),
            self._workspace.failed.emit,
        )

    def collect(self, folder: Path) -> None:
        """Copy the files that are there into one folder, and make the session use the copies."""
        document, session = self._workspace.document, self._workspace.session
        self._workspace.background.run(
            partial(collect, document, folder),
            lambda edit: (
                self._on_collected(edit, folder) if session is self._workspace.session else None
            ),
            self._workspace.failed.emit,
        )

    def _check_if_new(self) -> None:
        if self._paths != tuple(clip.path for clip in self._workspace.document.clips):
            self.check()

    def _set_clips(self, missing: tuple[Clip, ...]) -> None:
        if missing != self.clips:
            self.clips = missing
            self.changed.emit()

    def _on_found(self, folder: Path, found: dict[str, Path]) -> None:
        present = {clip.id for clip in self._workspace.document.clips}
        found = {id: path for id, path in found.items() if id in present}
        if not found:
            self._workspace.failed.emit(f"{folder}: none of the missing files is in it")
        else:
            self._workspace.do(relink(found))

    def _on_collected(self, edit: CompoundEdit, folder: Path) -> None:
        if edit.edits:
            self._workspace.do(edit)
        folder = folder.absolute()
        count = sum(clip.path.parent == folder for clip in self._workspace.document.clips)
        files = "The file of this session is" if count == 1 else f"The {count} files are"
        missing = f"; left out as missing: {len(self.clips)}" if self.clips else ""
        self.collected.emit(f"{files} in {folder}{missing}")
