"""The page of a recording: its waveform, its words, and what can be made of it."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QScrollBar,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from seqstudio.gui.action_button import ActionButton
from seqstudio.gui.banner import Banner
from seqstudio.gui.commands import Command, Commands
from seqstudio.gui.desk import Desk
from seqstudio.gui.operation_panel_view import OperationPanel
from seqstudio.gui.recording import RecordingModel
from seqstudio.gui.transcript_view import TranscriptView
from seqstudio.gui.wave_view import WaveView

SIDE = 320  # pixels of the panel at the right
NO_WORDS = "No words yet. Choose Transcribe at the right and press Run."


class RecordingView(QWidget):
    """Shows a `RecordingModel`."""

    def __init__(self, desk: Desk, commands: Commands) -> None:
        super().__init__()
        self.model = RecordingModel(desk, self)
        self._commands = commands
        self.banner = Banner("the recording", self)
        self.wave = WaveView(self.model.wave, self)
        self.transcript = TranscriptView(self.model.transcript, self)
        self.time = QLabel(self)
        self.time.setAccessibleName("Playhead")
        self.along = QScrollBar(Qt.Orientation.Horizontal, self)
        self.along.setAccessibleName("Scroll the waveform")
        self._work = QWidget(self)
        self._add_commands()
        self._lay_out(OperationPanel(desk, commands, "audio"))
        self._wire()
        self.draw()

    def draw(self) -> None:
        """Show the clip that is in front."""
        sounds = self.model.sounds
        for widget in (self.wave, self.along, self._transport):
            widget.setVisible(sounds)
        self.transcript.placeholder = NO_WORDS if sounds else "This text has no words."
        self.draw_time()
        self._commands.refresh()

    def draw_time(self) -> None:
        """Show where the playhead is."""
        self.time.setText(self.model.time_text)
        if self.model.follow:
            self.transcript.follow()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """Be silent when another page is shown."""
        self.model.leave()
        super().hideEvent(event)

    def _add_commands(self) -> None:
        model, add = self.model, self._commands.add
        add(
            Command("recording.play", "Play or pause", "Recording", "Space"),
            model.toggle,
            ready=lambda: model.can_play,
            within=self._work,
        )
        add(
            Command("recording.back", "Back to the beginning", "Recording", "Ctrl+Home"),
            model.back,
            ready=lambda: model.sounds,
            page=self,
        )

    def _lay_out(self, panel: QWidget) -> None:
        self._transport = QWidget(self)
        row = QHBoxLayout(self._transport)
        row.setContentsMargins(12, 8, 12, 8)
        for name in ("recording.play", "recording.back"):
            row.addWidget(ActionButton(self._commands.action(name), self._transport))
        row.addWidget(self.time)
        row.addStretch(1)
        top = QWidget(self)
        column = QVBoxLayout(top)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (self._transport, self.wave, self.along):
            column.addWidget(widget, int(widget is self.wave))
        halves = QSplitter(Qt.Orientation.Vertical, self._work)
        halves.addWidget(top)
        halves.addWidget(self.transcript)
        halves.setSizes([320, 380])
        inner = QVBoxLayout(self._work)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(self.banner)
        inner.addWidget(halves, 1)
        sides = QSplitter(Qt.Orientation.Horizontal, self)
        sides.addWidget(self._work)
        sides.addWidget(panel)
        sides.setStretchFactor(0, 1)
        sides.setSizes([900, SIDE])
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(sides)

    def _wire(self) -> None:
        model = self.model
        model.changed.connect(self.draw)
        model.moved.connect(self.draw_time)
        model.troubled.connect(self.banner.tell)
        model.wave.changed.connect(self._scroll_range)
        model.transcript.changed.connect(self._show_words)
        self.wave.sought.connect(model.seek)
        self.transcript.sought.connect(model.seek_word)
        self.along.valueChanged.connect(self._scroll)
        self._show_words()

    def _show_words(self) -> None:
        self.wave.show_words(self.model.transcript.words)

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
