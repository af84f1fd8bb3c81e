"""The current take, for the transport."""

from PySide6.QtCore import QObject

from seqstudio.gui.sound.played import Loop
from seqstudio.gui.sound.transport import Source, Transport
from seqstudio.gui.takes.panel import TakesPanelModel


class TakeSource(Source):
    """Plays the current take of a `TakesPanelModel`."""

    def __init__(self, model: TakesPanelModel, transport: Transport, parent: QObject) -> None:
        super().__init__(parent)
        self._model, self._transport = model, transport
        self._selection: Loop | None = None
        model.takes.changed.connect(self.changed)
        model.playback.changed.connect(self.changed)
        transport.changed.connect(self._set_metronome)

    @property
    def title(self) -> str:
        """The name of the take, and that it is being rendered."""
        take = self._model.workspace.take
        name = take.name if take else ""
        return f"{name}: preparing the sound…" if self._model.playback.rendering_id else name

    @property
    def length_s(self) -> float:
        """The length of the take, once it is known."""
        card = self._model.takes.current
        return card.summary.length_s if card and card.summary else 0.0

    @property
    def position_s(self) -> float:
        """The second from which it plays next."""
        return self._model.playback.position_s

    @property
    def selection(self) -> Loop | None:
        """The time of the selected notes."""
        return self._selection

    def select(self, selection: Loop | None) -> None:
        """Change the time of the selected notes, as the piano roll selects them."""
        if selection != self._selection:
            self._selection = selection
            self.changed.emit()

    def play(self) -> None:
        """Play the take, as soon as it is rendered."""
        self._model.toggle_playback()

    def seek(self, second: float) -> None:
        """Go to a second."""
        self._model.seek(second)
        self.moved.emit()

    def _set_metronome(self) -> None:
        self._model.playback.set_metronome(on=self._transport.metronome)
