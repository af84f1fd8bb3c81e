"""The panel at the right of a score: its takes, and the form that makes more."""

import time
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import (
    QGuiApplication,
    QHideEvent,
    QKeyEvent,
)
from PySide6.QtWidgets import (
    QFileDialog,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from seqstudio.gui.operations.panel_view import OperationPanel
from seqstudio.gui.sound.player import Player
from seqstudio.gui.takes.commands import add_commands
from seqstudio.gui.takes.list_view import TakesList
from seqstudio.gui.takes.playback import Hearing
from seqstudio.gui.takes.takes import TakesModel
from seqstudio.gui.takes.takes_view import TakesPage
from seqstudio.gui.widgets.banner import Banner
from seqstudio.gui.workspace.commands import Commands
from seqstudio.gui.workspace.take_files import file_name, sweep_scratch
from seqstudio.gui.workspace.workspace import Workspace


class TakesPanel(QWidget):
    """Lists the takes that belong with the one in front, hears them, and makes more.

    Parameters
    ----------
    desk : whose takes
    commands : of the window
    player : what takes are heard through
    """

    position = Signal(object)  # the second of the take in front that is heard, or None

    def __init__(self, workspace: Workspace, commands: Commands, player: Player) -> None:
        super().__init__()
        self.workspace, self.commands = workspace, commands
        self.model = TakesModel(workspace, self)
        self.hearing = Hearing(workspace.background, player, self)
        self.banner = Banner("takes", self)
        self.list = TakesList(self.model, self.hearing, self)
        self.tabs = QTabWidget(self)
        self._root = ""  # id of the take that the others come from
        add_commands(commands, self)
        self.page = TakesPage(commands, self.model, self.hearing, self.list)
        self._lay_out()
        self._connect()
        self._begin_anew()
        self._show_what_fits()
        profile, now_s = workspace.studio.profile, time.time()
        workspace.background.run(
            lambda: sweep_scratch(profile, now_s=now_s), lambda _: None, self.banner.tell
        )

    def toggle_hearing(self) -> None:
        """Hear the take in front, or stop."""
        if self.hearing.sounding or self.hearing.preparing:
            self.hearing.stop()
        elif take := self.workspace.take:
            self.hearing.hear(take)

    def set_muted(self, tracks: frozenset[int]) -> None:
        """Leave tracks of the take in front out of what is heard."""
        self.hearing.mute(tracks)

    def show_make(self) -> None:
        """Show the form that makes takes."""
        self.tabs.setCurrentIndex(1)
        self.make.setFocus()

    def copy(self) -> None:
        """Put the selected takes on the clipboard, as files."""
        indexes = self.list.selectedIndexes()
        QGuiApplication.clipboard().setMimeData(self.list.rows.mimeData(indexes))

    def ask_export(self) -> None:
        """Ask for a folder, and write the selected takes into it."""
        folder = QFileDialog.getExistingDirectory(self, "Export takes as MIDI into a folder")
        if folder:
            self.model.export(self.list.chosen, Path(folder))

    def ask_wav(self) -> None:
        """Ask for a file, and write how the take in front sounds."""
        take = self.workspace.take
        if not take:
            return
        name = f"{file_name(take.name)}.wav"
        chosen, _ = QFileDialog.getSaveFileName(self, "Save as WAV", name, "*.wav")
        if chosen:
            self.hearing.save(take, Path(chosen).with_suffix(".wav"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Hear or stop with the space bar."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.toggle_hearing()
            return
        super().keyPressEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Be silent when another page is shown."""
        self.hearing.stop()
        super().hideEvent(event)

    def _lay_out(self) -> None:
        self.make = OperationPanel(self.workspace, self.commands, "midi")
        self.tabs.addTab(self.page, "Takes")
        self.tabs.addTab(self.make, "Make")
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName("Beside the score")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.banner)
        column.addWidget(self.tabs, 1)
        self.setMinimumWidth(280)

    def _connect(self) -> None:
        workspace, hearing = self.workspace, self.hearing
        self.model.changed.connect(self._begin_anew)
        self.model.arrived.connect(self._arrive)
        self.model.failed.connect(self.banner.tell)
        hearing.failed.connect(self.banner.tell)
        hearing.changed.connect(self._tell_position)
        hearing.moved.connect(self._move)
        workspace.changed.connect(self._go_on)
        workspace.chosen_changed.connect(self._go_on)
        workspace.chosen_changed.connect(self._show_what_fits)
        self.tabs.currentChanged.connect(self.commands.refresh)
        self.list.selectionModel().selectionChanged.connect(self.commands.refresh)

    def _arrive(self, id: str) -> None:
        """Show what was made; the first of it comes in front where nothing is."""
        self.tabs.setCurrentIndex(0)
        if self.isVisible() and not self.workspace.chosen:
            self.workspace.choose(id)

    def _begin_anew(self) -> None:
        """Let another piece begin at its beginning."""
        cards = self.model.cards
        root = cards[0].take.id if cards else ""
        if root != self._root:
            self._root = root
            self.hearing.stop()
            self.hearing.rewind()

    def _tell_position(self) -> None:
        if not self.hearing.sounding:
            self.position.emit(None)

    def _move(self, id: str, second: float) -> None:
        if id == self.workspace.chosen:
            self.position.emit(second)

    def _go_on(self) -> None:
        """Hear what is in front now, where something sounds already."""
        if take := self.workspace.take:
            self.hearing.update(take)
        else:
            self.hearing.stop()

    def _show_what_fits(self) -> None:
        """With nothing in front, show what makes takes."""
        if not self.workspace.chosen:
            self.tabs.setCurrentIndex(1)
