"""The current recording, for the transport."""

from PySide6.QtCore import QObject

from seqstudio.gui.recording.recording import RecordingModel
from seqstudio.gui.sound.played import Loop
from seqstudio.gui.sound.transport import Source


class RecordingSource(Source):
    """Plays what a `RecordingModel` shows."""

    def __init__(self, model: RecordingModel, parent: QObject) -> None:
        super().__init__(parent)
        self._model = model
        model.changed.connect(self.changed)
        model.playhead_moved.connect(self.moved)
        model.waveform.changed.connect(self.moved)  # its length, while it is read
        model.waveform.has_selection_changed.connect(self.changed)

    @property
    def title(self) -> str:
        """The name of the recording; "" where a text is shown."""
        clip = self._model.clip
        return clip.name if clip and self._model.is_audio else ""

    @property
    def length_s(self) -> float:
        """Its length, as far as it is read."""
        return self._model.waveform.duration_s

    @property
    def position_s(self) -> float:
        """The playhead."""
        return self._model.waveform.playhead_s

    @property
    def selection(self) -> Loop | None:
        """The time that is selected in the waveform."""
        return self._model.waveform.selection

    def play(self) -> None:
        """Play from the playhead, or the selection."""
        self._model.toggle_playback()

    def seek(self, second: float) -> None:
        """Move the playhead."""
        self._model.seek(second)
