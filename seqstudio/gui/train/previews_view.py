"""The previews of a training: cards side by side, a slider, and the selected one in full."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QPushButton,
    QScrollArea,
    QSlider,
    QWidget,
)

from seqstudio.gui.sound.transport import Transport
from seqstudio.gui.train.preview_source import PreviewSource
from seqstudio.gui.train.preview_strip_view import CARD, GAP, PreviewStrip, SketchView
from seqstudio.gui.train.previews import Previews, Sketch, Stage, read_sketch
from seqstudio.gui.train.train import TrainModel
from seqstudio.gui.widgets.label import Label
from seqstudio.gui.widgets.layout import column, row
from seqstudio.gui.widgets.metrics import SMALL
from seqstudio.gui.workspace.commands import Command, Commands
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.media.audio import audio_info


class PreviewsView(QWidget):
    """A strip of stages, a slider, and the selected stage in full."""

    def __init__(
        self, workspace: Workspace, commands: Commands, model: TrainModel, transport: Transport
    ) -> None:
        super().__init__()
        self._workspace, self._model = workspace, model
        self._sketches: dict[Path, Sketch] = {}
        self._requested: set[Path] = set()
        self._transport, self.player = transport, transport.player
        self.source = PreviewSource(model, self.player, self)
        self.strip = PreviewStrip()
        self.bar = QSlider(Qt.Orientation.Horizontal)
        self.bar.setAccessibleName("Training time of the selected preview")
        self.bar.setToolTip("Step through training time.")
        self.title, self.text = Label(), Label()
        self.notes = SketchView()
        self.play, self.silence = QPushButton("Play"), Label(wordWrap=True)
        self._lay_out()
        commands.add(
            Command(
                "train.play",
                "Play the preview",
                "Train",
                "Ctrl+Alt+H",
                "Play the selected preview, or stop.",
            ),
            self.toggle_playback,
            page=self,
        )
        self.strip.selected.connect(self.select)
        self.bar.valueChanged.connect(self.select)
        self.play.clicked.connect(self.toggle_playback)
        self.player.changed.connect(self._refresh_playback)
        self.player.failed.connect(model.failed)
        model.previews_changed.connect(self.refresh)
        self.refresh()

    @property
    def previews(self) -> Previews:
        """The previews of the current run."""
        return self._model.run.previews if self._model.run else Previews()

    def select(self, index: int) -> None:
        """Select another stage; what is heard goes on in it."""
        heard = self.source.playing
        if self.previews.select(index):
            self._model.previews_changed.emit()
            if heard and self.source.stage:
                self.source.play()
            elif heard:
                self.player.stop()

    def toggle_playback(self) -> None:
        """Play the selected stage, or stop."""
        self._transport.show(self.source)
        self._transport.toggle()

    def refresh(self) -> None:
        """Show the current previews."""
        previews = self.previews
        for stage in previews.stages:
            if stage.midi and stage.midi not in self._requested:
                self._read_sketch(stage.midi)
            if stage.audio and stage.audio not in self._requested:
                self._read_length(stage.audio)
        self.strip.show_previews(previews, self._sketches)
        self.bar.blockSignals(True)
        self.bar.setRange(0, max(len(previews.stages) - 1, 0))
        self.bar.setValue(max(previews.index, 0))
        self.bar.blockSignals(False)
        self.bar.setEnabled(len(previews.stages) > 1)
        selected = previews.stage
        self.title.setText(selected.title if selected else "")
        self.text.setText(_full_text(selected) if selected else _placeholder(self._model))
        self.notes.setVisible(bool(selected and selected.midi))
        self._refresh_notes()
        self._scroll_to_selected()
        self._refresh_playback()

    def showEvent(self, _event: object) -> None:
        """Let the transport play the previews; scroll to the selected card."""
        self._transport.show(self.source)
        self._scroll_to_selected()

    def hideEvent(self, _event: object) -> None:
        """Stop playback when another page is shown."""
        if self.source.playing:
            self.player.stop()

    def _scroll_to_selected(self) -> None:
        if self.previews.stages:
            card = self.strip.card_rect(self.previews.index).toRect()
            middle = card.center()
            self._scroller.ensureVisible(middle.x(), middle.y(), card.width() // 2 + GAP)

    def _refresh_playback(self) -> None:
        stage = self.previews.stage
        playable = bool(stage and stage.audio)
        self.play.setVisible(playable)
        self.play.setText("Stop" if self.source.playing else "Play")
        self.play.setEnabled(playable and not self.player.reason)
        self.silence.setText(self.player.reason)
        self.silence.setVisible(playable and bool(self.player.reason))

    def _read_sketch(self, path: Path) -> None:
        self._requested.add(path)
        self._workspace.background.run(
            partial(read_sketch, path), partial(self._on_sketch_read, path), self._model.failed.emit
        )

    def _read_length(self, path: Path) -> None:
        self._requested.add(path)
        self._workspace.background.run(
            lambda: audio_info(path).duration_s,
            partial(self.source.set_length, path),
            self._model.failed.emit,
        )

    def _on_sketch_read(self, path: Path, sketch: Sketch) -> None:
        self._sketches[path] = sketch
        self.strip.update()
        self._refresh_notes()

    def _refresh_notes(self) -> None:
        stage = self.previews.stage
        self.notes.show_sketch(self._sketches.get(stage.midi) if stage and stage.midi else None)

    def _lay_out(self) -> None:
        self._scroller = QScrollArea()
        self._scroller.setWidget(self.strip)
        bar_pixels = self._scroller.horizontalScrollBar().sizeHint().height() + 4
        self._scroller.setFixedHeight(CARD.height() + 2 * GAP + bar_pixels)
        self._scroller.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroller.viewport().setBackgroundRole(QPalette.ColorRole.Window)
        self.text.setWordWrap(True)
        self.text.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.play.setAccessibleName("Play the preview")
        self.play.setToolTip("Play this preview (Ctrl+Alt+H)")
        heading = row()
        heading.addWidget(self.title, 1)
        heading.addWidget(self.play)
        layout = column(self, margins=SMALL, spacing=SMALL)
        layout.addWidget(self.bar)
        layout.addWidget(self._scroller)
        layout.addLayout(heading)
        layout.addWidget(self.silence)
        layout.addWidget(self.text)
        layout.addWidget(self.notes, 1)
        layout.addStretch(0)


def _full_text(stage: Stage) -> str:
    return "\n".join(f"{label}: {words}" if label else words for label, words in stage.lines)


def _placeholder(model: TrainModel) -> str:
    return "No previews yet." if model.run and model.run.active else "This run has no previews."
