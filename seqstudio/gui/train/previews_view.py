"""The previews of a training on a scrub bar: read or seen side by side, and heard."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from seqstudio.gui.sound.player import Player
from seqstudio.gui.train.previews import Previews, Sketch, Stage, sketch_of
from seqstudio.gui.train.strip_view import CARD, GAP, SketchView, Strip
from seqstudio.gui.train.train import TrainModel
from seqstudio.gui.workspace.commands import Command, Commands
from seqstudio.gui.workspace.workspace import Workspace


class PreviewsView(QWidget):
    """A strip of stages, a scrub bar, and the stage in front in full."""

    def __init__(
        self, workspace: Workspace, commands: Commands, model: TrainModel, player: Player
    ) -> None:
        super().__init__()
        self._workspace, self._model = workspace, model
        self._sketches: dict[Path, Sketch] = {}
        self._asked: set[Path] = set()
        self.player = player
        self.strip = Strip()
        self.bar = QSlider(Qt.Orientation.Horizontal)
        self.bar.setAccessibleName("Training time of the preview in front")
        self.bar.setToolTip("Scrub through training time.")
        self.title, self.text = QLabel(), QLabel()
        self.notes = SketchView()
        self.hear, self.silence = QPushButton("Hear"), QLabel(wordWrap=True)
        self._lay_out()
        commands.add(
            Command(
                "train.hear",
                "Hear the preview",
                "Train",
                "Ctrl+Alt+H",
                "Play the preview in front, or stop.",
            ),
            self.toggle_hearing,
            page=self,
        )
        self.strip.chosen.connect(self.go)
        self.bar.valueChanged.connect(self.go)
        self.hear.clicked.connect(self.toggle_hearing)
        self.player.changed.connect(self._draw_hearing)
        self.player.failed.connect(model.failed)
        model.previews_changed.connect(self.draw)
        self.draw()

    @property
    def previews(self) -> Previews:
        """The previews of the run in front."""
        return self._model.run.previews if self._model.run else Previews()

    def go(self, at: int) -> None:
        """Put another stage in front."""
        if self.previews.go(at):
            self.player.stop()
            self._model.previews_changed.emit()

    def toggle_hearing(self) -> None:
        """Play the stage in front, or stop."""
        stage = self.previews.stage
        if self.player.playing:
            self.player.stop()
        elif stage and stage.sound:
            self.player.play_file(stage.sound)

    def draw(self) -> None:
        """Show the previews as they are now."""
        previews = self.previews
        for stage in previews.stages:
            if stage.midi and stage.midi not in self._asked:
                self._read(stage.midi)
        self.strip.show_previews(previews, self._sketches)
        self.bar.blockSignals(True)
        self.bar.setRange(0, max(len(previews.stages) - 1, 0))
        self.bar.setValue(max(previews.at, 0))
        self.bar.blockSignals(False)
        self.bar.setEnabled(len(previews.stages) > 1)
        front = previews.stage
        self.title.setText(front.title if front else "")
        self.text.setText(_in_full(front) if front else _none_yet(self._model))
        self.notes.setVisible(bool(front and front.midi))
        self._draw_notes()
        self._bring_into_view()
        self._draw_hearing()

    def showEvent(self, _event: object) -> None:
        """Show the card in front, now that there is a width."""
        self._bring_into_view()

    def hideEvent(self, _event: object) -> None:
        """Be silent when another page is shown."""
        self.player.stop()

    def _bring_into_view(self) -> None:
        if self.previews.stages:
            card = self.strip.place(self.previews.at).toRect()
            middle = card.center()
            self._scroller.ensureVisible(middle.x(), middle.y(), card.width() // 2 + GAP)

    def _draw_hearing(self) -> None:
        stage = self.previews.stage
        heard = bool(stage and stage.sound)
        self.hear.setVisible(heard)
        self.hear.setText("Stop" if self.player.playing else "Hear")
        self.hear.setEnabled(heard and not self.player.reason)
        self.silence.setText(self.player.reason)
        self.silence.setVisible(heard and bool(self.player.reason))

    def _read(self, path: Path) -> None:
        self._asked.add(path)
        self._workspace.background.run(
            partial(sketch_of, path), partial(self._sketched, path), self._model.failed.emit
        )

    def _sketched(self, path: Path, sketch: Sketch) -> None:
        self._sketches[path] = sketch
        self.strip.update()
        self._draw_notes()

    def _draw_notes(self) -> None:
        stage = self.previews.stage
        self.notes.show_sketch(self._sketches.get(stage.midi) if stage and stage.midi else None)

    def _lay_out(self) -> None:
        self._scroller = QScrollArea()
        self._scroller.setWidget(self.strip)
        room = self._scroller.horizontalScrollBar().sizeHint().height() + 4
        self._scroller.setFixedHeight(CARD.height() + 2 * GAP + room)
        self._scroller.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroller.viewport().setBackgroundRole(QPalette.ColorRole.Window)
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.hear.setAccessibleName("Hear the preview")
        self.hear.setToolTip("Play this preview (Ctrl+Alt+H)")
        row = QHBoxLayout()
        row.addWidget(self.title, 1)
        row.addWidget(self.hear)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        column.addWidget(self.bar)
        column.addWidget(self._scroller)
        column.addLayout(row)
        column.addWidget(self.silence)
        column.addWidget(self.text)
        column.addWidget(self.notes, 1)
        column.addStretch(0)


def _in_full(stage: Stage) -> str:
    return "\n".join(f"{label}: {words}" if label else words for label, words in stage.lines)


def _none_yet(model: TrainModel) -> str:
    return "No preview yet." if model.run and model.run.goes else "This run made no previews."
