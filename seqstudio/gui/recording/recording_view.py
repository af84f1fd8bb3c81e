"""The page of a recording: its waveform, its words, and the operations on it."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QHideEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QScrollBar,
    QSplitter,
    QWidget,
)

from seqstudio.gui.operations.panel_view import OperationPanel
from seqstudio.gui.recording.commands import add_commands
from seqstudio.gui.recording.recording import RecordingModel
from seqstudio.gui.recording.transcript_view import TranscriptView
from seqstudio.gui.recording.waveform_view import WaveformView
from seqstudio.gui.widgets.action_button import ActionButton
from seqstudio.gui.widgets.banner import Banner
from seqstudio.gui.widgets.drop_hint import dropped_paths
from seqstudio.gui.widgets.label import Label
from seqstudio.gui.widgets.layout import column
from seqstudio.gui.workspace.commands import Commands
from seqstudio.gui.workspace.workspace import Workspace

PANEL_WIDTH = 320  # pixels
PLAYBACK_COMMANDS = ("recording.play", "recording.go_to_start", "recording.follow")
FILE_COMMANDS = ("transcript.export", "transcript.import", "transcript.copy")


class RecordingView(QWidget):
    """Shows a `RecordingModel`: a recording with its words, a transcript alone, or a text."""

    def __init__(self, workspace: Workspace, commands: Commands) -> None:
        super().__init__()
        self.model = RecordingModel(workspace, self)
        self._commands = commands
        self.work = QWidget(self)  # all but the panel at the right
        self.banner = Banner("the recording", self.work)
        self.waveform = WaveformView(self.model.waveform, self.work)
        self.transcript = TranscriptView(self.model.transcript, self.work)
        self.text = QPlainTextEdit(self.work, readOnly=True)
        self.text.setAccessibleName("Text")
        self.time = Label(self.work)
        self.time.setAccessibleName("Playback position and length")
        self.provenance = Label(self.work)
        self.provenance.setWordWrap(True)
        self.status = Label(self.work)
        self.status.setWordWrap(True)
        self.status.setContentsMargins(12, 6, 12, 6)
        self.scroll_bar = QScrollBar(Qt.Orientation.Horizontal, self.work)
        self.scroll_bar.setAccessibleName("Scroll the waveform")
        self.setAcceptDrops(True)
        add_commands(commands, self.model, self, self.work, self.transcript)
        self.panel = OperationPanel(workspace, commands, "audio")
        self.panel.model.set_kind(self.model.kind)
        self._lay_out(self.panel)
        self._connect()
        self._show_words()
        self.refresh()

    def refresh(self) -> None:
        """Update the page from the model."""
        model = self.model
        self.above.setVisible(model.is_audio)
        self.text.setVisible(model.is_text)
        self.transcript.setVisible(not model.is_text)
        if model.is_text and self.text.toPlainText() != model.text:
            self.text.setPlainText(model.text)
        self.provenance.setText(model.provenance_text)
        self.refresh_progress()
        self.waveform.set_message(model.waveform_message)
        self.status.setText(model.status)
        self.status.setVisible(bool(model.status))
        self._commands.action("recording.play").setText("Pause" if model.player.playing else "Play")
        self.refresh_time()
        self._commands.refresh()

    def refresh_progress(self) -> None:
        """Show the text that a running job has recognised so far, while there are no words."""
        self.transcript.set_placeholder(self.model.placeholder_text, self.model.partial_text)

    def refresh_time(self) -> None:
        """Show the position of the playhead."""
        self.time.setText(self.model.time_text)

    def follow(self) -> None:
        """Show the position of the playhead, and scroll to its words if the model follows it."""
        self.refresh_time()
        if self.model.follow:
            self.transcript.follow(self.model.waveform.playhead_s)

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop playback when another page is shown."""
        self.model.stop()
        super().hideEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept the transcript of this recording; leave all other files to the window."""
        if self.model.accepts_drop(dropped_paths(event.mimeData())):
            event.acceptProposedAction()
        else:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        """Import the dropped transcript."""
        self.model.import_transcript(dropped_paths(event.mimeData())[0])
        event.acceptProposedAction()

    def _lay_out(self, panel: QWidget) -> None:
        self.above = _stacked(
            self._button_row(PLAYBACK_COMMANDS, self.time), self.waveform, self.scroll_bar
        )
        below = _stacked(
            self._button_row(FILE_COMMANDS, self.provenance), self.transcript, self.text
        )
        halves = QSplitter(Qt.Orientation.Vertical, self.work)
        halves.addWidget(self.above)
        halves.addWidget(below)
        halves.setSizes([320, 380])
        halves.setChildrenCollapsible(False)
        inner = column(self.work)
        inner.addWidget(self.banner)
        inner.addWidget(halves, 1)
        inner.addWidget(self.status)
        sides = QSplitter(Qt.Orientation.Horizontal, self)
        sides.addWidget(self.work)
        sides.addWidget(panel)
        sides.setStretchFactor(0, 1)
        sides.setSizes([900, PANEL_WIDTH])
        sides.setChildrenCollapsible(False)
        column(self).addWidget(sides)

    def _button_row(self, names: tuple[str, ...], *labels: QLabel) -> QWidget:
        bar = QWidget(self.work)
        buttons = QHBoxLayout(bar)
        buttons.setContentsMargins(12, 8, 12, 8)
        for name in names:
            buttons.addWidget(ActionButton(self._commands.action(name), bar))
        for label in labels:
            buttons.addSpacing(8)
            buttons.addWidget(label, 1)
        return bar

    def _connect(self) -> None:
        model = self.model
        model.changed.connect(self.refresh)
        model.kind_changed.connect(self.panel.model.set_kind)
        model.playhead_moved.connect(self.follow)
        model.job_progressed.connect(self.refresh_progress)
        model.failed.connect(self.banner.show_message)
        model.waveform.changed.connect(self._update_scroll_bar)
        model.waveform.changed.connect(self.refresh_time)
        model.waveform.has_selection_changed.connect(self._commands.refresh)
        model.transcript.changed.connect(self._show_words)
        model.transcript.current_changed.connect(self._commands.refresh)
        self.waveform.seek_requested.connect(model.seek)
        self.transcript.seek_requested.connect(model.seek_word)
        self.transcript.user_scrolled.connect(lambda: model.set_follow(follow=False))
        self.scroll_bar.valueChanged.connect(self._scroll)

    def _show_words(self) -> None:
        self.waveform.show_words(self.model.transcript.word_index)
        self._commands.refresh()

    def _update_scroll_bar(self) -> None:
        axis = self.model.waveform.axis
        self.scroll_bar.blockSignals(True)
        self.scroll_bar.setPageStep(axis.pixels)
        self.scroll_bar.setSingleStep(max(axis.pixels // 20, 1))
        self.scroll_bar.setRange(0, max(round(axis.length / axis.scale) - axis.pixels, 0))
        self.scroll_bar.setValue(round(axis.start / axis.scale))
        self.scroll_bar.blockSignals(False)

    def _scroll(self, pixels: int) -> None:
        self.model.waveform.scroll_to(pixels * self.model.waveform.axis.scale)


def _stacked(*widgets: QWidget) -> QWidget:
    """Return the widgets in a column; all but the first and scroll bars stretch."""
    whole = QWidget()
    stack = column(whole)
    for number, widget in enumerate(widgets):
        stack.addWidget(widget, int(number > 0 and not isinstance(widget, QScrollBar)))
    return whole
