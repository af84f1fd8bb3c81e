"""The commands of the session as a whole, with the file dialogs that they ask."""

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from seqstudio.errors import DataError
from seqstudio.gui.shell.missing import MissingFiles
from seqstudio.gui.workspace.commands import Command, Commands
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.assets import assets_folder
from seqstudio.session.session import SUFFIX

FILTER = f"Sessions (*{SUFFIX})"
KINDS = ("speech", "music")  # folders of the shipped samples


class SessionCommands:
    """Adds what can be done with the session, and does it."""

    def __init__(
        self, workspace: Workspace, commands: Commands, missing: MissingFiles, window: QWidget
    ) -> None:
        self._workspace, self._missing, self._window = workspace, missing, window
        self._add_files(commands)
        self._add_clips(commands)
        self._add_steps(commands)

    def find(self) -> None:
        """Ask where the missing files may be, and look there."""
        if folder := self._folder("Look for the missing files in"):
            self._missing.find(folder)

    def _add_files(self, commands: Commands) -> None:
        add, workspace = commands.add, self._workspace
        said = "What you did so far stays; without a name it is offered on the first page."
        add(Command("session.new", "New session", "Session", "Ctrl+N", said), workspace.new_session)
        add(
            Command("session.open", "Open a session…", "Session", "Ctrl+Shift+O"),
            self._ask_open,
        )
        add(
            Command("session.save", "Save under a name…", "Session", "Ctrl+S"),
            self._ask_save,
            ready=lambda: workspace.session.is_untitled,
        )
        add(Command("session.save_as", "Save as…", "Session", "Ctrl+Shift+S"), self._ask_save)
        add(
            Command("session.close", "Close the session", "Session", "Ctrl+W", said),
            workspace.new_session,
            ready=lambda: not workspace.session.is_untitled or bool(workspace.session.steps),
        )

    def _add_clips(self, commands: Commands) -> None:
        add = commands.add
        add(
            Command("session.bring_in", "Open files…", "Session", "Ctrl+O", "Bring files in"),
            self._ask_files,
        )
        said = "Bring in all recordings, MIDI and transcripts below a folder"
        add(
            Command("session.bring_folder", "Open a folder…", "Session", "Ctrl+Alt+O", said),
            self._ask_folder,
        )
        add(
            Command("session.samples", "Open the shipped samples", "Session", "Ctrl+Alt+S"),
            self._bring_samples,
        )
        said = "Copy the files of this session into one folder, and go on with the copies"
        add(
            Command("session.collect", "Collect files…", "Session", "Ctrl+Alt+K", said),
            self._ask_collect,
            ready=lambda: bool(self._workspace.document.clips) and not self._missing.clips,
        )
        add(
            Command("session.find", "Find missing files…", "Session", "Ctrl+Alt+F"),
            self.find,
            ready=lambda: bool(self._missing.clips),
        )

    def _add_steps(self, commands: Commands) -> None:
        workspace = self._workspace
        commands.add(
            Command("session.undo", "Undo", "Edit", "Ctrl+Z"),
            workspace.undo,
            ready=lambda: workspace.session.can_undo,
        )
        commands.add(
            Command("session.redo", "Redo", "Edit", "Ctrl+Shift+Z"),
            workspace.redo,
            ready=lambda: workspace.session.can_redo,
        )

    def _ask_files(self) -> None:
        title = "Open recordings, MIDI or transcripts"
        names, _ = QFileDialog.getOpenFileNames(self._window, title)
        self._workspace.bring_in(map(Path, names))

    def _ask_folder(self) -> None:
        if folder := self._folder("Open all that is in"):
            self._workspace.bring_in([folder])

    def _ask_open(self) -> None:
        title = "Open a session"
        name, _ = QFileDialog.getOpenFileName(self._window, title, filter=FILTER)
        if name:
            self._workspace.open_session(Path(name))

    def _ask_save(self) -> None:
        title = "Save the session as"
        name, _ = QFileDialog.getSaveFileName(self._window, title, filter=FILTER)
        if name:
            self._workspace.save_as(Path(name).with_suffix(SUFFIX))

    def _ask_collect(self) -> None:
        if folder := self._folder("Copy the files of this session into"):
            self._missing.collect(folder)

    def _bring_samples(self) -> None:
        try:
            folder = assets_folder()
        except DataError as bad:
            self._workspace.failed.emit(str(bad))
        else:
            self._workspace.bring_in([folder / kind for kind in KINDS])

    def _folder(self, title: str) -> Path | None:
        name = QFileDialog.getExistingDirectory(self._window, title)
        return Path(name) if name else None
