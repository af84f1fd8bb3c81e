"""The selected preview of a training, for the transport."""

from pathlib import Path

from PySide6.QtCore import QObject

from seqstudio.gui.sound.player import Player
from seqstudio.gui.sound.transport import Source
from seqstudio.gui.train.previews import Stage
from seqstudio.gui.train.train import TrainModel


class PreviewSource(Source):
    """Plays the sound of the selected stage; another stage goes on at the same second."""

    def __init__(self, model: TrainModel, player: Player, parent: QObject) -> None:
        super().__init__(parent)
        self._model, self._player = model, player
        self._position_s = 0.0
        self._lengths: dict[Path, float] = {}  # seconds, by file
        model.previews_changed.connect(self.changed)
        player.position_changed.connect(self._on_moved)

    @property
    def stage(self) -> Stage | None:
        """The selected stage, if it has a sound."""
        stage = self._model.run.previews.stage if self._model.run else None
        return stage if stage and stage.audio else None

    @property
    def playing(self) -> bool:
        """Whether a stage is heard."""
        return self._player.plays(self)

    @property
    def title(self) -> str:
        """The run and the stage; "" where the stage has no sound."""
        run, stage = self._model.run, self.stage
        return f"{run.folder.name}: {stage.title}" if run and stage else ""

    @property
    def length_s(self) -> float:
        """The length of the sound, once it is known; 0 where there is none."""
        return self._lengths.get(self.stage.audio, 0.0) if self.stage and self.stage.audio else 0.0

    @property
    def position_s(self) -> float:
        """The second from which it plays next."""
        return self._position_s

    def set_length(self, path: Path, seconds: float) -> None:
        """Take in the length of a file, which was read on a thread."""
        self._lengths[path] = seconds
        self.changed.emit()

    def play(self) -> None:
        """Play the stage from the position, or from the start where that is behind its end."""
        stage = self.stage
        if stage and stage.audio:
            length = self.length_s
            start = 0.0 if length and self._position_s >= length else self._position_s
            self._player.play_file(stage.audio, start, owner=self)

    def seek(self, second: float) -> None:
        """Go to a second; what plays goes on from there."""
        self._position_s = second
        if self.playing:
            self.play()
        self.moved.emit()

    def _on_moved(self, second: float) -> None:
        if self.playing:
            self._position_s = second
