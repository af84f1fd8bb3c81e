"""The page of a take: toolbar, piano roll and velocities, beside the takes panel."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, QTimer
from PySide6.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QScrollBar,
    QWidget,
)

from seqstudio.gui.piano_roll.commands import add_note_commands
from seqstudio.gui.piano_roll.editor import Editor
from seqstudio.gui.piano_roll.model import PianoRollModel
from seqstudio.gui.piano_roll.ruler_and_keys_view import KeysView, RulerView
from seqstudio.gui.piano_roll.score import ScoreModel
from seqstudio.gui.piano_roll.tempo_view import TempoDialog
from seqstudio.gui.piano_roll.toolbar_view import ScoreToolbar
from seqstudio.gui.piano_roll.tracks_view import TracksView
from seqstudio.gui.piano_roll.velocity_view import VelocityView
from seqstudio.gui.piano_roll.view import PianoRollView
from seqstudio.gui.piano_roll.why import WhyModel
from seqstudio.gui.piano_roll.why_view import WhyView
from seqstudio.gui.sound.transport import Transport
from seqstudio.gui.takes.panel_view import TakesPanel
from seqstudio.gui.widgets.banner import Banner
from seqstudio.gui.widgets.icons import IconButton
from seqstudio.gui.widgets.label import Label
from seqstudio.gui.widgets.layout import column
from seqstudio.gui.widgets.metrics import MEDIUM, NONE, PANEL, TIGHT
from seqstudio.gui.widgets.split import Split
from seqstudio.gui.workspace.commands import Command, Commands
from seqstudio.gui.workspace.workspace import Workspace

TOOLBAR_COMMANDS = (
    ("notes.quantise", "magnet"),
    ("notes.zoom_in", "zoom-in"),
    ("notes.zoom_out", "zoom-out"),
    ("notes.fit", "maximize-2"),
    ("score.export", "download"),
)
MIN_PANEL_WIDTH = 280  # pixels
EXPORTS = {  # what a dialog offers, with the suffix
    "MIDI (*.mid)": ".mid",
    "MusicXML, compressed (*.mxl)": ".mxl",
    "MusicXML (*.musicxml)": ".musicxml",
}


class ScoreView(QWidget):
    """Shows the current take and edits its notes."""

    def __init__(self, workspace: Workspace, commands: Commands) -> None:
        super().__init__()
        self._commands = commands
        self.score = ScoreModel(workspace, self)
        self.roll = PianoRollModel(workspace, self.score, self)
        self.editor = Editor(self.roll)
        self.why = WhyModel(workspace, self.roll, self)
        self.banner = Banner("the score", self)
        self.work = QWidget(self)
        self.ruler = RulerView(self.roll, self.work)
        self.keys = KeysView(self.roll, self.work)
        self.roll_view = PianoRollView(self.roll, self.work)
        self.velocity_view = VelocityView(self.roll, self.work)
        self.horizontal_bar = QScrollBar(Qt.Orientation.Horizontal, self.work)
        self.vertical_bar = QScrollBar(Qt.Orientation.Vertical, self.work)
        self.status = Label(self)
        self.empty_label = Label(self)
        self._command_state = (False, False)  # whether a track can be edited, has a selection
        self._add_commands()
        self.toolbar = ScoreToolbar(self.roll, self)
        self.panel: TakesPanel | None = None
        self.side = QWidget(self)  # the panel is added later, so that notes are shown sooner
        self._lay_out()
        self._wire()
        QTimer.singleShot(0, self, lambda: self._add_panel(workspace))

    def _add_commands(self) -> None:
        add_note_commands(self._commands, self.roll, self.editor, self.work)
        self._commands.add(
            Command(
                "score.tempo",
                "Tempo and meter…",
                "Notes",
                "Ctrl+Alt+M",
                "Change tempo and meter from the bar at the cursor on.",
            ),
            self.show_tempo,
            ready=lambda: self.roll.target is not None,
            page=self,
        )
        self._commands.add(
            Command(
                "notes.why",
                "Why this note",
                "Notes",
                "W",
                "How likely a model finds the note, what else it may be, and what it leaned on.",
            ),
            self.why.show,
            ready=lambda: len(self.roll.selected) > 0,
            within=self.work,
        )
        self._commands.add(
            Command(
                "score.export",
                "Export…",
                "Notes",
                "Ctrl+Shift+E",
                "Save the edited take as MIDI or as MusicXML.",
            ),
            self._ask_export,
            ready=lambda: self.score.take is not None,
            page=self,
        )

    def _lay_out(self) -> None:
        for name, picture in TOOLBAR_COMMANDS:
            button = IconButton(self._commands.action(name), picture, self.toolbar)
            self.toolbar.row.addWidget(button)
        self._lay_out_work()
        left = QWidget(self)
        left_column = column(left)
        left_column.addWidget(self.work, 1)
        left_column.addWidget(self.status)
        left_column.addWidget(self.empty_label, 1)
        self.status.setContentsMargins(MEDIUM, TIGHT, MEDIUM, TIGHT)
        self.empty_label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty_label.setWordWrap(True)
        split = Split(Qt.Orientation.Horizontal, self)
        split.addWidget(left)
        split.addWidget(self.side)
        split.setStretchFactor(0, 1)
        split.setSizes([900, PANEL])
        self.side.setMinimumWidth(MIN_PANEL_WIDTH)
        self._side = column(self.side)
        whole = column(self)
        whole.addWidget(self.banner)
        whole.addWidget(self.toolbar)
        whole.addWidget(split, 1)

    def _lay_out_work(self) -> None:
        """Lay out the roll with its ruler, keys, velocity lane and scroll bars."""
        velocity = Label("Velocity", self.work)
        velocity.setAlignment(Qt.AlignmentFlag.AlignCenter)
        grid = QGridLayout(self.work)
        grid.setContentsMargins(NONE, NONE, NONE, NONE)
        grid.setSpacing(NONE)
        for row_number, column_number, widget in (
            (0, 1, self.ruler),
            (1, 0, self.keys),
            (1, 1, self.roll_view),
            (1, 2, self.vertical_bar),
            (2, 0, velocity),
            (2, 1, self.velocity_view),
            (3, 1, self.horizontal_bar),
        ):
            grid.addWidget(widget, row_number, column_number)
        grid.setColumnStretch(1, 1)

    def _wire(self) -> None:
        self.horizontal_bar.setAccessibleName("Scroll through time")
        self.vertical_bar.setAccessibleName("Scroll through pitch")
        view = self.roll.viewport
        view.changed.connect(self._update_scroll_bars)
        self.horizontal_bar.valueChanged.connect(lambda at: view.scroll_to(tick=at * view.x.scale))
        self.vertical_bar.valueChanged.connect(lambda at: view.scroll_to(row=at * view.y.scale))
        self.roll.selection_changed.connect(self._update_status)
        self.score.changed.connect(self._update_status)
        self.score.failed.connect(self.banner.show_message)
        self.roll.refused.connect(self.banner.show_message)
        self.roll.bars_changed.connect(self._choose_bars)
        self.ruler.tempo_requested.connect(self.show_tempo)
        self.score.exported.connect(lambda path: self.status.setText(f"Saved to {path}"))
        self.setFocusProxy(self.roll_view)
        self._update_scroll_bars()
        self._update_status()

    def _add_panel(self, workspace: Workspace) -> None:
        self.panel = TakesPanel(workspace, self._commands, Transport.of(workspace))
        self.panel.tabs.addTab(TracksView(self.score, self), "Tracks")
        why = WhyView(self.why, self)
        self.panel.tabs.addTab(why, "Why")
        self.why.shown.connect(partial(self.panel.tabs.setCurrentWidget, why))
        self.panel.model.position_changed.connect(self.roll.set_playhead)
        self.ruler.seek_requested.connect(self.panel.source.seek)
        self.roll.selection_changed.connect(self._update_loop)
        self.score.silent_changed.connect(self.panel.model.playback.mute)
        self._side.addWidget(self.panel)

    def show_tempo(self) -> None:
        """Show the dialog that changes tempo and meter."""
        dialog = TempoDialog(self.roll, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _choose_bars(self) -> None:
        """Let operations, merging and the loop use the chosen bars."""
        if self.panel:
            self.panel.choose_bars(self.roll.bar_selection)
        self._update_loop()
        self._commands.refresh()

    def _update_loop(self) -> None:
        """Let the transport repeat the time of the selected notes."""
        if self.panel:
            self.panel.source.select(self.roll.selected_seconds)

    def _update_scroll_bars(self) -> None:
        viewport = self.roll.viewport
        for bar, axis in ((self.horizontal_bar, viewport.x), (self.vertical_bar, viewport.y)):
            with QSignalBlocker(bar):
                bar.setPageStep(axis.pixels)
                bar.setSingleStep(24)
                bar.setMaximum(max(round(axis.length / axis.scale) - axis.pixels, 0))
                bar.setValue(round(axis.start / axis.scale))

    def _update_status(self) -> None:
        self.status.setText(self.roll.description)
        self.empty_label.setText(self.roll.empty_text)
        has_take = self.score.take is not None
        for widget in (self.toolbar, self.work, self.status):
            widget.setVisible(has_take)
        self.empty_label.setVisible(not has_take)
        state = (self.roll.target is not None, len(self.roll.selected) > 0)
        if state != self._command_state:
            self._command_state = state
            self._commands.refresh()

    def _ask_export(self) -> None:
        take = self.score.take
        if take is None:
            return
        name, kind = QFileDialog.getSaveFileName(
            self, "Export take", f"{take.name}.mid", ";;".join(EXPORTS)
        )
        if name:
            path = Path(name)
            known = path.suffix.lower() in (".mid", ".midi", ".mxl", ".musicxml", ".xml")
            self.score.export(
                path if known else path.with_name(path.name + EXPORTS.get(kind, ".mid"))
            )
