"""The commands of the session as a whole, with their file dialogs."""

from pathlib import Path

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from seqstudio.errors import DataError
from seqstudio.gui.shell.collect_view import CollectDialog
from seqstudio.gui.shell.history_view import HistoryView
from seqstudio.gui.shell.missing_files import MissingFiles
from seqstudio.gui.shell.samples import sample_files
from seqstudio.gui.shell.script import export_script, has_results
from seqstudio.gui.workspace.commands import Command, Commands
from seqstudio.gui.workspace.error_report import errors_to
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.session.session import SUFFIX

FILTER = f"Sessions (*{SUFFIX})"
REDO_KEYS = ("Ctrl+Shift+Z", "Ctrl+Y")
SAVE_KEYS = ("Ctrl+Shift+S", "Ctrl+S")
KEPT = "Your work is kept; an untitled session is listed on the Start page"


class SessionCommands:
    """Adds the commands of the session, and carries them out."""

    def __init__(
        self, workspace: Workspace, commands: Commands, missing: MissingFiles, window: QWidget
    ) -> None:
        self._workspace, self._missing, self._window = workspace, missing, window
        self._add_sessions(commands)
        self._add_files(commands)
        self._add_undo(commands)

    def find(self) -> None:
        """Ask for a folder, and search it for the missing files."""
        if folder := self._folder("Look for the missing files in"):
            self._missing.find(folder)

    def _add_sessions(self, commands: Commands) -> None:
        add, workspace = commands.add, self._workspace
        add(Command("session.new", "New session", "Session", "Ctrl+N", KEPT), workspace.new_session)
        add(
            Command("session.open", "Open a session…", "Session", "Ctrl+Shift+O"),
            self._ask_open,
        )
        name = "Give the session a name and a folder"
        save_as = Command("session.save_as", "Save as…", "Session", SAVE_KEYS[0], name)
        add(save_as, self._ask_save).setShortcuts(list(map(QKeySequence, SAVE_KEYS)))
        add(
            Command("session.close", "Close the session", "Session", "Ctrl+W", KEPT),
            workspace.new_session,
            ready=lambda: not workspace.session.is_untitled or bool(workspace.session.steps),
        )

    def _add_files(self, commands: Commands) -> None:
        add = commands.add
        files = "Add recordings, MIDI files or transcripts to the session"
        add(
            Command("session.open_files", "Open files…", "Session", "Ctrl+O", files),
            self._ask_files,
        )
        folder = "Add all recordings, MIDI files and transcripts below a folder"
        add(
            Command("session.open_folder", "Open a folder…", "Session", "Ctrl+Alt+O", folder),
            self._ask_folder,
        )
        add(
            Command("session.samples", "Open the samples", "Session", "Ctrl+Alt+S"),
            self._open_samples,
        )
        copy = "Copy the files of this session into one folder beside it, and use the copies"
        add(
            Command("session.collect", "Collect files…", "Session", "Ctrl+Alt+K", copy),
            self._ask_collect,
            ready=lambda: len(self._workspace.document.clips) > len(self._missing.clips),
        )
        again = "Write a script of commands that makes the results of this session again"
        add(
            Command("session.script", "Export as script…", "Session", "Ctrl+Alt+Shift+E", again),
            self._ask_script,
            ready=lambda: has_results(self._workspace.document),
        )
        add(
            Command("session.find", "Find missing files…", "Session", "Ctrl+Alt+F"),
            self.find,
            ready=lambda: bool(self._missing.clips),
        )

    def _add_undo(self, commands: Commands) -> None:
        workspace = self._workspace
        commands.add(
            Command("session.undo", "Undo", "Edit", "Ctrl+Z"),
            workspace.undo,
            ready=lambda: bool(workspace.undo_title),
        )
        redo = commands.add(
            Command("session.redo", "Redo", "Edit", REDO_KEYS[0]),
            workspace.redo,
            ready=lambda: bool(workspace.redo_title),
        )
        redo.setShortcuts(list(map(QKeySequence, REDO_KEYS)))
        every = "Every step of this session; go back to one, or forward again"
        commands.add(
            Command("session.history", "History…", "Edit", "Ctrl+Alt+Z", every),
            self._show_history,
            ready=lambda: bool(workspace.session.titles),
        )

    def _show_history(self) -> None:
        HistoryView(self._workspace, self._window).open()

    def _ask_files(self) -> None:
        title = "Open recordings, MIDI files or transcripts"
        names, _ = QFileDialog.getOpenFileNames(self._window, title)
        self._workspace.import_files(map(Path, names))

    def _ask_folder(self) -> None:
        if folder := self._folder("Open all files in"):
            self._workspace.import_files([folder])

    def _ask_open(self) -> None:
        title = "Open a session"
        name, _ = QFileDialog.getOpenFileName(self._window, title, filter=FILTER)
        if name:
            self._workspace.open_session(Path(name))

    def _ask_save(self) -> bool:
        title = "Save the session as"
        name, _ = QFileDialog.getSaveFileName(self._window, title, filter=FILTER)
        return bool(name) and self._workspace.save_as(Path(name).with_suffix(SUFFIX))

    def _ask_collect(self) -> None:
        CollectDialog(
            self._missing,
            ask_name=self._ask_save,
            ask_folder=lambda: self._folder("Copy the files of this session into"),
            find=self.find,
            parent=self._window,
        ).open()

    def _ask_script(self) -> None:
        if folder := self._folder("Write the script into a new or an empty folder"):
            export_script(self._workspace, folder, self._say)

    def _say(self, text: str) -> None:
        QMessageBox.information(self._window, "Export as script", text)

    def _open_samples(self) -> None:
        with errors_to(self._workspace.failed.emit, DataError):
            self._workspace.import_files(sample_files())

    def _folder(self, title: str) -> Path | None:
        name = QFileDialog.getExistingDirectory(self._window, title)
        return Path(name) if name else None
