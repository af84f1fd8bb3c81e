"""The page of a recording: its waveform, its words, and the operations on it."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QHideEvent, QPalette, QShowEvent
from PySide6.QtWidgets import (
    QPlainTextEdit,
    QScrollBar,
    QTextBrowser,
    QWidget,
)

from seqstudio.gui.operations.panel_view import OperationPanel
from seqstudio.gui.recording.characters_view import CharacterBar
from seqstudio.gui.recording.commands import add_commands
from seqstudio.gui.recording.find_view import FindBar
from seqstudio.gui.recording.recording import RecordingModel
from seqstudio.gui.recording.source import RecordingSource
from seqstudio.gui.recording.transcript_view import TranscriptView
from seqstudio.gui.recording.waveform_view import WaveformView
from seqstudio.gui.sound.transport import Transport
from seqstudio.gui.widgets.action_button import ActionButton
from seqstudio.gui.widgets.banner import Banner
from seqstudio.gui.widgets.drop_hint import dropped_paths
from seqstudio.gui.widgets.icons import IconButton
from seqstudio.gui.widgets.label import Label
from seqstudio.gui.widgets.layout import column, row
from seqstudio.gui.widgets.metrics import MEDIUM, PANEL, SMALL, TIGHT
from seqstudio.gui.widgets.split import Split
from seqstudio.gui.workspace.commands import Commands
from seqstudio.gui.workspace.workspace import Workspace

WAVEFORM_TOOLS = (
    ("recording.spectrogram", "audio-lines"),
    ("recording.zoom_in", "zoom-in"),
    ("recording.zoom_out", "zoom-out"),
    ("recording.zoom_to_fit", "maximize-2"),
)
WORD_MENU = (
    "transcript.edit",
    "transcript.word_alternatives",
    "transcript.alternatives",
    "transcript.speaker",
    "transcript.split",
    "transcript.merge",
    "transcript.set_times",
    "transcript.doubtful",
    "transcript.find",
    "transcript.copy",
)
WAVEFORM_MENU = (
    "transcript.add_segment",
    "transcript.set_times",
    "transcript.mark",
    "recording.back",
    "recording.zoom_to_selection",
    "recording.zoom_to_fit",
    "recording.spectrogram",
)
FILE_COMMANDS = ("transcript.export", "transcript.import", "transcript.copy", "session.learn")


class RecordingView(QWidget):
    """Shows a `RecordingModel`: a recording with its words, a transcript alone, or a text."""

    def __init__(self, workspace: Workspace, commands: Commands) -> None:
        super().__init__()
        self.model = RecordingModel(workspace, self)
        self._transport = Transport.of(workspace)
        self._source = RecordingSource(self.model, self)
        self._commands = commands
        self.work = QWidget(self)  # all but the panel at the right
        self.banner = Banner("the recording", self.work)
        self.waveform = WaveformView(self.model.waveform, self.work)
        self.transcript = TranscriptView(self.model.transcript, self.work)
        self.text = QPlainTextEdit(self.work, readOnly=True)
        self.text.setAccessibleName("Text")
        self.page = QTextBrowser(self.work, openLinks=False)  # a text with colours
        self.page.setAccessibleName("Coloured text")
        self.provenance = Label(self.work)
        self.provenance.setWordWrap(True)
        self.provenance.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.status = Label(self.work)
        self.status.setWordWrap(True)
        self.status.setContentsMargins(MEDIUM, TIGHT, MEDIUM, TIGHT)
        self.scroll_bar = QScrollBar(Qt.Orientation.Horizontal, self.work)
        self.scroll_bar.setAccessibleName("Scroll the waveform")
        self.setAcceptDrops(True)
        self.find_bar = FindBar(self.model, self.work)
        self.characters = CharacterBar(self.work)
        add_commands(commands, self.model, self, self.transcript, self.find_bar)
        self.panel = OperationPanel(workspace, commands, "audio")
        self.panel.model.set_kind(self.model.kind)
        self._lay_out(self.panel)
        self._add_menus()
        self._connect()
        self._show_words()
        self.refresh()

    def refresh(self) -> None:
        """Update the page from the model."""
        model = self.model
        self.above.setVisible(model.is_audio)
        self.text.setVisible(model.is_text and not model.page)
        self.page.setVisible(model.is_text and bool(model.page))
        self.transcript.setVisible(not model.is_text)
        if model.is_text and self.text.toPlainText() != model.text:
            self.text.setPlainText(model.text)
            self.page.setHtml(model.page)
        self.provenance.setText(model.provenance_text)
        self.provenance.setVisible(bool(model.provenance_text))
        self.refresh_progress()
        self.waveform.set_message(model.waveform_message)
        shown = model.spectrogram if model.shows_spectrogram else None
        if shown is not self.waveform.spectrogram:
            self.waveform.show_spectrogram(shown)
        self.status.setText(model.status)
        self.status.setVisible(bool(model.status))
        self._commands.refresh()

    def refresh_progress(self) -> None:
        """Show the text that a running job has recognised so far, while there are no words."""
        self.transcript.set_placeholder(self.model.placeholder_text, self.model.partial_text)

    def follow(self) -> None:
        """Scroll to the words at the playhead, if the model follows it."""
        if self.model.follow:
            self.transcript.follow(self.model.waveform.playhead_s)

    def showEvent(self, event: QShowEvent) -> None:
        """Let the transport play the recording."""
        self._transport.show(self._source)
        super().showEvent(event)

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
            self._waveform_tools(),
            self.waveform,
            self.scroll_bar,
        )
        below = _stacked(
            self._transcript_tools(),
            self.find_bar,
            self.characters,
            self.transcript,
            self.text,
            self.page,
        )
        halves = Split(Qt.Orientation.Vertical, self.work)
        halves.addWidget(self.above)
        halves.addWidget(below)
        halves.setSizes([320, 380])
        inner = column(self.work)
        inner.addWidget(self.banner)
        inner.addWidget(halves, 1)
        inner.addWidget(self.status)
        sides = Split(Qt.Orientation.Horizontal, self)
        sides.addWidget(self.work)
        sides.addWidget(panel)
        sides.setStretchFactor(0, 1)
        sides.setSizes([900, PANEL])
        column(self).addWidget(sides)

    def _add_menus(self) -> None:
        """Offer the commands of words and of the waveform where they are."""
        for widget, names in ((self.transcript, WORD_MENU), (self.waveform, WAVEFORM_MENU)):
            widget.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
            widget.addActions([self._commands.action(name) for name in names])

    def _waveform_tools(self) -> QWidget:
        bar = QWidget(self.work)
        tools = row(bar, margins=(MEDIUM, SMALL, MEDIUM, SMALL), spacing=SMALL)
        tools.addWidget(ActionButton(self._commands.action("recording.follow"), bar))
        tools.addStretch(1)
        for name, picture in WAVEFORM_TOOLS:
            tools.addWidget(IconButton(self._commands.action(name), picture, bar))
        return bar

    def _transcript_tools(self) -> QWidget:
        bar = QWidget(self.work)
        lines = column(bar, margins=(MEDIUM, SMALL, MEDIUM, SMALL), spacing=SMALL)
        tools = row(spacing=SMALL)
        for name in FILE_COMMANDS:
            tools.addWidget(ActionButton(self._commands.action(name), bar))
        tools.addStretch(1)
        lines.addLayout(tools)
        lines.addWidget(self.provenance)
        return bar

    def _connect(self) -> None:
        model = self.model
        model.changed.connect(self.refresh)
        model.kind_changed.connect(self.panel.model.set_kind)
        model.playhead_moved.connect(self.follow)
        model.job_progressed.connect(self.refresh_progress)
        model.failed.connect(self.banner.show_message)
        model.waveform.changed.connect(self._update_scroll_bar)
        model.waveform.has_selection_changed.connect(self._commands.refresh)
        model.transcript.changed.connect(self._show_words)
        model.transcript.current_changed.connect(self._commands.refresh)
        self.characters.typed.connect(self.transcript.type_letter)
        self.waveform.seek_requested.connect(model.seek)
        self.waveform.segment_moved.connect(model.transcript.move_end)
        model.spectrogram.changed.connect(self.waveform.update)
        self.transcript.seek_requested.connect(model.seek_word)
        self.transcript.user_scrolled.connect(lambda: model.set_follow(follow=False))
        self.scroll_bar.valueChanged.connect(self._scroll)

    def _show_words(self) -> None:
        words = self.model.transcript
        self.waveform.show_words(words.word_index, words.segments)
        self.characters.show_letters(self.model.characters)
        self._commands.refresh()

    def _update_scroll_bar(self) -> None:
        axis = self.model.waveform.axis
        self.scroll_bar.blockSignals(True)
        self.scroll_bar.setPageStep(axis.pixels)
        self.scroll_bar.setSingleStep(max(axis.pixels // 20, 1))
        hidden = max(round(axis.length / axis.scale) - axis.pixels, 0)
        self.scroll_bar.setRange(0, hidden)
        self.scroll_bar.setEnabled(hidden > 0)
        self.scroll_bar.setValue(round(axis.start / axis.scale))
        self.scroll_bar.blockSignals(False)

    def _scroll(self, pixels: int) -> None:
        self.model.waveform.scroll_to(pixels * self.model.waveform.axis.scale)


NARROW = (QScrollBar, FindBar, CharacterBar)  # widgets that do not stretch


def _stacked(*widgets: QWidget) -> QWidget:
    """Return the widgets in a column; all but the first and the `NARROW` ones stretch."""
    whole = QWidget()
    stack = column(whole)
    for number, widget in enumerate(widgets):
        stack.addWidget(widget, int(number > 0 and not isinstance(widget, NARROW)))
    return whole
