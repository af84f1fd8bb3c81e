"""The page of a recording: its waveform, its words, and what can be made of it."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QHideEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QScrollBar,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from seqstudio.gui.operations.panel_view import OperationPanel
from seqstudio.gui.recording.commands import add_commands
from seqstudio.gui.recording.recording import RecordingModel
from seqstudio.gui.recording.transcript_view import TranscriptView
from seqstudio.gui.recording.waveform_view import WaveView
from seqstudio.gui.widgets.action_button import ActionButton
from seqstudio.gui.widgets.banner import Banner
from seqstudio.gui.widgets.drop_hint import dropped
from seqstudio.gui.workspace.commands import Commands
from seqstudio.gui.workspace.workspace import Workspace

SIDE = 320  # pixels of the panel at the right
PLAYING = ("recording.play", "recording.back", "recording.follow")
FILES = ("transcript.export", "transcript.import", "transcript.copy")


class RecordingView(QWidget):
    """Shows a `RecordingModel`: a recording with its words, a transcript alone, or a text."""

    def __init__(self, workspace: Workspace, commands: Commands) -> None:
        super().__init__()
        self.model = RecordingModel(workspace, self)
        self._commands = commands
        self.work = QWidget(self)  # all but the panel at the right
        self.banner = Banner("the recording", self.work)
        self.wave = WaveView(self.model.wave, self.work)
        self.transcript = TranscriptView(self.model.transcript, self.work)
        self.text = QPlainTextEdit(self.work, readOnly=True)
        self.text.setAccessibleName("Text")
        self.time = QLabel(self.work)
        self.time.setAccessibleName("Playhead and length")
        self.made = QLabel(self.work)
        self.made.setWordWrap(True)
        self.hint = QLabel(self.work)
        self.hint.setWordWrap(True)
        self.hint.setContentsMargins(12, 6, 12, 6)
        self.along = QScrollBar(Qt.Orientation.Horizontal, self.work)
        self.along.setAccessibleName("Scroll the waveform")
        self.setAcceptDrops(True)
        add_commands(commands, self)
        self.panel = OperationPanel(workspace, commands, "audio")
        self._lay_out(self.panel)
        self._wire()
        self._show_words()
        self.draw()

    def draw(self) -> None:
        """Show the clip that is in front."""
        model = self.model
        if model.clip:
            self.panel.model.turn_to(model.clip.kind)
        self.above.setVisible(model.sounds)
        self.text.setVisible(model.shows_text)
        self.transcript.setVisible(not model.shows_text)
        if model.shows_text and self.text.toPlainText() != model.text:
            self.text.setPlainText(model.text)
        self.made.setText(model.made_text)
        self.draw_progress()
        self.wave.say(model.absence)
        self.hint.setText(model.hint)
        self.hint.setVisible(bool(model.hint))
        self._commands.action("recording.play").setText("Pause" if model.player.playing else "Play")
        self.draw_time()
        self._commands.refresh()

    def draw_progress(self) -> None:
        """Show what a job has heard so far, while there are no words."""
        self.transcript.say(self.model.waiting_text, self.model.heard_text)

    def draw_time(self) -> None:
        """Show where the playhead is."""
        self.time.setText(self.model.time_text)

    def follow(self) -> None:
        """Show where the playhead went, and what is said there."""
        self.draw_time()
        if self.model.follow:
            self.transcript.follow(self.model.wave.playhead_s)

    def hideEvent(self, event: QHideEvent) -> None:
        """Be silent when another page is shown."""
        self.model.leave()
        super().hideEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take the transcript of this recording; all else is the window's."""
        if self.model.takes(dropped(event.mimeData())):
            event.acceptProposedAction()
        else:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        """Put what was dropped in the place of the words."""
        self.model.import_transcript(dropped(event.mimeData())[0])
        event.acceptProposedAction()

    def _lay_out(self, panel: QWidget) -> None:
        self.above = _column(self._row(PLAYING, self.time), self.wave, self.along)
        below = _column(self._row(FILES, self.made), self.transcript, self.text)
        halves = QSplitter(Qt.Orientation.Vertical, self.work)
        halves.addWidget(self.above)
        halves.addWidget(below)
        halves.setSizes([320, 380])
        halves.setChildrenCollapsible(False)
        inner = QVBoxLayout(self.work)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(0)
        inner.addWidget(self.banner)
        inner.addWidget(halves, 1)
        inner.addWidget(self.hint)
        sides = QSplitter(Qt.Orientation.Horizontal, self)
        sides.addWidget(self.work)
        sides.addWidget(panel)
        sides.setStretchFactor(0, 1)
        sides.setSizes([900, SIDE])
        sides.setChildrenCollapsible(False)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(sides)

    def _row(self, names: tuple[str, ...], *labels: QLabel) -> QWidget:
        bar = QWidget(self.work)
        row = QHBoxLayout(bar)
        row.setContentsMargins(12, 8, 12, 8)
        for name in names:
            row.addWidget(ActionButton(self._commands.action(name), bar))
        for label in labels:
            row.addSpacing(8)
            row.addWidget(label, 1)
        return bar

    def _wire(self) -> None:
        model = self.model
        model.changed.connect(self.draw)
        model.moved.connect(self.follow)
        model.progressed.connect(self.draw_progress)
        model.failed.connect(self.banner.tell)
        model.wave.changed.connect(self._scroll_range)
        model.wave.changed.connect(self.draw_time)
        model.wave.selected.connect(self._commands.refresh)
        model.transcript.changed.connect(self._show_words)
        model.transcript.current_changed.connect(self._commands.refresh)
        self.wave.sought.connect(model.seek)
        self.transcript.sought.connect(model.seek_word)
        self.transcript.scrolled_by_hand.connect(lambda: model.set_follow(follow=False))
        self.along.valueChanged.connect(self._scroll)

    def _show_words(self) -> None:
        self.wave.show_words(self.model.transcript.timeline)
        self._commands.refresh()

    def _scroll_range(self) -> None:
        axis = self.model.wave.axis
        self.along.blockSignals(True)
        self.along.setPageStep(axis.pixels)
        self.along.setSingleStep(max(axis.pixels // 20, 1))
        self.along.setRange(0, max(round(axis.length / axis.scale) - axis.pixels, 0))
        self.along.setValue(round(axis.start / axis.scale))
        self.along.blockSignals(False)

    def _scroll(self, pixels: int) -> None:
        self.model.wave.scroll_to(pixels * self.model.wave.axis.scale)


def _column(*widgets: QWidget) -> QWidget:
    whole = QWidget()
    column = QVBoxLayout(whole)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    for number, widget in enumerate(widgets):
        column.addWidget(widget, int(number > 0 and not isinstance(widget, QScrollBar)))
    return whole
