"""The page of a take: piano roll, velocities and tools; its takes, and what makes more."""

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QLabel,
    QScrollBar,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from seqstudio.gui.piano_roll.commands import add_note_commands
from seqstudio.gui.piano_roll.editor import Editor
from seqstudio.gui.piano_roll.model import RollModel
from seqstudio.gui.piano_roll.ruler_and_keys_view import KeysView, RulerView
from seqstudio.gui.piano_roll.score import ScoreModel
from seqstudio.gui.piano_roll.toolbar_view import ScoreBar
from seqstudio.gui.piano_roll.tracks_view import TracksView
from seqstudio.gui.piano_roll.velocity_view import VelocityView
from seqstudio.gui.piano_roll.view import RollView
from seqstudio.gui.sound.player import Player
from seqstudio.gui.takes.panel_view import TakesPanel
from seqstudio.gui.widgets.action_button import ActionButton
from seqstudio.gui.widgets.banner import Banner
from seqstudio.gui.workspace.commands import Command, Commands
from seqstudio.gui.workspace.workspace import Workspace

ON_BAR = ("notes.quantise", "notes.fit", "score.export")  # commands that have a button
SIDE = 320  # pixels of the panel at the right
LEAST_SIDE = 280


class ScoreView(QWidget):
    """Shows the take in front, and lets its notes be edited."""

    def __init__(self, workspace: Workspace, commands: Commands) -> None:
        super().__init__()
        self._commands = commands
        self.score = ScoreModel(workspace, self)
        self.roll = RollModel(workspace, self.score, self)
        self.editor = Editor(self.roll)
        self.banner = Banner("the score", self)
        self.work = QWidget(self)
        self.ruler = RulerView(self.roll, self.work)
        self.keys = KeysView(self.roll, self.work)
        self.notes = RollView(self.roll, self.work)
        self.velocities = VelocityView(self.roll, self.work)
        self.across = QScrollBar(Qt.Orientation.Horizontal, self.work)
        self.upwards = QScrollBar(Qt.Orientation.Vertical, self.work)
        self.status = QLabel(self)
        self.nothing = QLabel(self)
        self._able = (False, False)  # whether notes can be edited, and whether some are chosen
        self._add_commands()
        self.bar = ScoreBar(self.roll, self)
        self.panel: TakesPanel | None = None
        self.side = QWidget(self)  # the panel comes in a moment: notes are seen before
        self._lay_out()
        self._wire()
        QTimer.singleShot(0, self, lambda: self._add_panel(workspace))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Hear the take, or stop, with the space bar."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            if self.panel:
                self.panel.toggle_hearing()
            return
        super().keyPressEvent(event)

    def _add_commands(self) -> None:
        add_note_commands(self._commands, self.roll, self.editor, self.work)
        self._commands.add(
            Command(
                "score.export",
                "Export MIDI",
                "Notes",
                "Ctrl+Shift+E",
                "Write this take as edited to a MIDI file",
            ),
            self._ask_export,
            ready=lambda: self.score.take is not None,
            page=self,
        )

    def _lay_out(self) -> None:
        for name in ON_BAR:
            self.bar.row.addWidget(ActionButton(self._commands.action(name), self.bar))
        self._lay_out_work()
        left = QWidget(self)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.work, 1)
        column.addWidget(self.status)
        column.addWidget(self.nothing, 1)
        self.status.setContentsMargins(12, 6, 12, 6)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.nothing.setWordWrap(True)
        split = QSplitter(Qt.Orientation.Horizontal, self)
        split.addWidget(left)
        split.addWidget(self.side)
        split.setStretchFactor(0, 1)
        split.setSizes([900, SIDE])
        self.side.setMinimumWidth(LEAST_SIDE)
        self._side = QVBoxLayout(self.side)
        self._side.setContentsMargins(0, 0, 0, 0)
        split.setChildrenCollapsible(False)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.banner)
        whole.addWidget(self.bar)
        whole.addWidget(split, 1)

    def _lay_out_work(self) -> None:
        """Put the roll between its ruler, keys, lane and scroll bars."""
        velocity = QLabel("Velocity", self.work)
        velocity.setAlignment(Qt.AlignmentFlag.AlignCenter)
        grid = QGridLayout(self.work)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        for row, place, widget in (
            (0, 1, self.ruler),
            (1, 0, self.keys),
            (1, 1, self.notes),
            (1, 2, self.upwards),
            (2, 0, velocity),
            (2, 1, self.velocities),
            (3, 1, self.across),
        ):
            grid.addWidget(widget, row, place)
        grid.setColumnStretch(1, 1)

    def _wire(self) -> None:
        self.across.setAccessibleName("Scroll through time")
        self.upwards.setAccessibleName("Scroll through pitch")
        sight = self.roll.sight
        sight.changed.connect(self._place_bars)
        self.across.valueChanged.connect(lambda at: sight.scroll_to(tick=at * sight.x.scale))
        self.upwards.valueChanged.connect(lambda at: sight.scroll_to(row=at * sight.y.scale))
        self.roll.selection_changed.connect(self._say)
        self.score.changed.connect(self._say)
        self.score.failed.connect(self.banner.tell)
        self.score.exported.connect(lambda path: self.status.setText(f"Written to {path}"))
        self.setFocusProxy(self.notes)
        self._place_bars()
        self._say()

    def _add_panel(self, workspace: Workspace) -> None:
        self.panel = TakesPanel(workspace, self._commands, Player(workspace.background, self))
        self.panel.tabs.addTab(TracksView(self.score, self), "Tracks")
        self.panel.position.connect(self.roll.set_playhead)
        self.ruler.pressed.connect(self.panel.hearing.go_to)
        self.score.muted_changed.connect(self.panel.set_muted)
        self._side.addWidget(self.panel)

    def _place_bars(self) -> None:
        sight = self.roll.sight
        for bar, axis in ((self.across, sight.x), (self.upwards, sight.y)):
            with QSignalBlocker(bar):
                bar.setPageStep(axis.pixels)
                bar.setSingleStep(24)
                bar.setMaximum(max(round(axis.length / axis.scale) - axis.pixels, 0))
                bar.setValue(round(axis.start / axis.scale))

    def _say(self) -> None:
        self.status.setText(self.roll.described)
        self.nothing.setText(self.roll.empty_words)
        has_take = self.score.take is not None
        for widget in (self.bar, self.work, self.status):
            widget.setVisible(has_take)
        self.nothing.setVisible(not has_take)
        able = (self.roll.place is not None, len(self.roll.selected) > 0)
        if able != self._able:
            self._able = able
            self._commands.refresh()

    def _ask_export(self) -> None:
        take = self.score.take
        if take is None:
            return
        name, _ = QFileDialog.getSaveFileName(
            self, "Export the take as MIDI", f"{take.name}.mid", "MIDI (*.mid)"
        )
        if name:
            self.score.export(Path(name).with_suffix(".mid"))
