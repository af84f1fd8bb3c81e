"""What the takes panel shows, and what it plays as the current take changes."""

import time

from PySide6.QtCore import QObject, Signal

from seqstudio.gui.sound.player import Player
from seqstudio.gui.takes.playback import TakePlayback
from seqstudio.gui.takes.takes import TakesModel
from seqstudio.gui.workspace.take_files import sweep_scratch
from seqstudio.gui.workspace.workspace import Workspace

TAKES_TAB, FORM_TAB = range(2)


class TakesPanelModel(QObject):
    """The takes related to the current one, their playback, and which tab to show.

    Parameters
    ----------
    workspace : whose takes
    player : plays the takes
    """

    tab_requested = Signal(int)  # TAKES_TAB or FORM_TAB
    position_changed = Signal(object)  # seconds in the current take; None if it is not playing
    failed = Signal(str)  # one sentence

    def __init__(self, workspace: Workspace, player: Player, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.workspace = workspace
        self.takes = TakesModel(workspace, self)
        self.playback = TakePlayback(workspace.background, player, self)
        self._root = ""  # id of the take that the listed ones come from
        self.takes.changed.connect(self._on_takes_changed)
        self.takes.failed.connect(self.failed)
        self.playback.failed.connect(self.failed)
        self.playback.changed.connect(self._on_playback_changed)
        self.playback.position_changed.connect(self._on_position_changed)
        workspace.changed.connect(self._play_current)
        workspace.selection_changed.connect(self._play_current)
        workspace.selection_changed.connect(self.suggest_tab)
        self._on_takes_changed()
        profile, now_s = workspace.studio.profile, time.time()
        workspace.background.run(
            lambda: sweep_scratch(profile, now_s=now_s), lambda _: None, self.failed.emit
        )

    def toggle_playback(self) -> None:
        """Play the current take, or stop."""
        if self.playback.playing_id or self.playback.rendering_id:
            self.playback.stop()
        elif take := self.workspace.take:
            self.playback.play(take)

    def seek(self, second: float) -> None:
        """Go to a second of the current take, and show it."""
        self.playback.seek(second)
        self.position_changed.emit(second)

    def suggest_tab(self) -> None:
        """Request the form that generates takes if no take is selected."""
        if not self.workspace.selected_id:
            self.tab_requested.emit(FORM_TAB)

    def show_new_take(self, id: str, *, visible: bool) -> None:
        """Request the list of takes; select the new one if the user waits for it on this page."""
        self.tab_requested.emit(TAKES_TAB)
        here = self.workspace.selected_id
        if visible and here in ("", self.workspace.document.take(id).parent):
            self.workspace.select(id)

    def _on_takes_changed(self) -> None:
        """Stop and rewind when other takes are listed."""
        cards = self.takes.cards
        root = cards[0].take.id if cards else ""
        if root != self._root:
            self._root = root
            self.playback.stop()
            self.playback.rewind()

    def _on_playback_changed(self) -> None:
        if not self.playback.playing_id:
            self.position_changed.emit(None)

    def _on_position_changed(self, id: str, second: float) -> None:
        if id == self.workspace.selected_id:
            self.position_changed.emit(second)

    def _play_current(self) -> None:
        """Continue with the current take if one is playing."""
        if take := self.workspace.take:
            self.playback.update(take)
        else:
            self.playback.stop()
