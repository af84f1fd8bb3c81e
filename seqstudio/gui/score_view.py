"""The page of a take: piano roll, velocities, tracks and tools."""

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QLabel,
    QScrollBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from seqstudio.gui.banner import Banner
from seqstudio.gui.commands import Command, Commands
from seqstudio.gui.desk import Desk
from seqstudio.gui.roll import RollModel
from seqstudio.gui.roll_editor import Editor
from seqstudio.gui.roll_sides import KeysView, RulerView
from seqstudio.gui.roll_view import RollView
from seqstudio.gui.score import ScoreModel
from seqstudio.gui.score_bar import ScoreBar
from seqstudio.gui.velocity_view import VelocityView

ON_BAR = ("notes.quantise", "score.fit", "score.export")  # commands that have a button


class ScoreView(QWidget):
    """Shows the take in front, and lets its notes be edited."""

    def __init__(self, desk: Desk, commands: Commands) -> None:
        super().__init__()
        self._desk = desk
        self.score = ScoreModel(desk, self)
        self.roll = RollModel(desk, self.score, self)
        self.editor = Editor(self.roll)
        self.banner = Banner("score", self)
        self.bar = ScoreBar(self.roll, self)
        self.ruler = RulerView(self.roll, self)
        self.keys = KeysView(self.roll, self)
        self.notes = RollView(self.roll, self.editor, self)
        self.velocities = VelocityView(self.roll, self.editor, self)
        self.across = QScrollBar(Qt.Orientation.Horizontal, self)
        self.upwards = QScrollBar(Qt.Orientation.Vertical, self)
        self.status = QLabel(self)
        self._add_commands(commands)
        self._lay_out(commands)
        self._wire(commands)

    def _add_commands(self, commands: Commands) -> None:
        add, editor, roll = commands.add, self.editor, self.roll
        chosen = self._has_chosen
        add(Command("notes.all", "Select all notes", "Notes"), roll.select_all)
        add(Command("notes.copy", "Copy notes", "Notes"), editor.copy, ready=chosen)
        add(Command("notes.cut", "Cut notes", "Notes"), editor.cut, ready=chosen)
        add(Command("notes.paste", "Paste notes at the cursor", "Notes"), editor.paste)
        duplicate = Command("notes.duplicate", "Duplicate notes", "Notes", "Ctrl+D")
        add(duplicate, editor.duplicate, ready=chosen)
        quantise = "Move the chosen notes, or all, to the grid"
        add(
            Command("notes.quantise", "Quantise", "Notes", "Ctrl+Shift+D", quantise),
            editor.quantise,
        )
        add(Command("notes.delete", "Delete notes", "Notes"), editor.delete, ready=chosen)
        add(Command("score.fit", "Show all", "Notes", "Ctrl+0", "Show the whole piece"), roll.fit)
        export = "Write this take as edited to a MIDI file"
        add(
            Command("score.export", "Export MIDI…", "Notes", "Ctrl+Shift+E", export),
            self._ask_export,
            ready=lambda: self.score.take is not None,
        )

    def _lay_out(self, commands: Commands) -> None:
        for name in ON_BAR:
            action = commands.action(name)
            button = QToolButton(self.bar)
            button.setDefaultAction(action)
            keys = action.shortcut().toString()
            button.setToolTip(f"{action.toolTip()} ({keys})")
            self.bar.row.addWidget(button)
        grid = QGridLayout()
        grid.setSpacing(0)
        grid.addWidget(self.ruler, 0, 1)
        grid.addWidget(self.keys, 1, 0)
        grid.addWidget(self.notes, 1, 1)
        grid.addWidget(self.upwards, 1, 2)
        grid.addWidget(self.velocities, 2, 1)
        grid.addWidget(self.across, 3, 1)
        grid.setColumnStretch(1, 1)
        self.status.setContentsMargins(12, 6, 12, 6)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.banner)
        column.addWidget(self.bar)
        column.addLayout(grid, 1)
        column.addWidget(self.status)

    def _wire(self, commands: Commands) -> None:
        self.across.setAccessibleName("Time")
        self.upwards.setAccessibleName("Pitch")
        sight = self.roll.sight
        sight.changed.connect(self._place_bars)
        self.across.valueChanged.connect(lambda at: sight.scroll_to(tick=at * sight.x.scale))
        self.upwards.valueChanged.connect(lambda at: sight.scroll_to(row=at * sight.y.scale))
        self.roll.selection_changed.connect(self._say)
        self.roll.selection_changed.connect(commands.refresh)
        self.score.changed.connect(self._say)
        self.score.failed.connect(self.banner.tell)
        self.score.exported.connect(lambda path: self.status.setText(f"Written to {path}"))
        self.setFocusProxy(self.notes)
        self._place_bars()
        self._say()

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

    def _has_chosen(self) -> bool:
        return bool(len(self.roll.selected))

    def _ask_export(self) -> None:
        take = self.score.take
        if take is None:
            return
        name, _ = QFileDialog.getSaveFileName(
            self, "Export the take as MIDI", f"{take.name}.mid", "MIDI (*.mid)"
        )
        if name:
            self.score.export(Path(name).with_suffix(".mid"))
