"""What the page of a recording shows and does."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from seqstudio.gui.desk import Desk
from seqstudio.gui.player import Player
from seqstudio.gui.transcript import Place, TranscriptModel
from seqstudio.gui.wave import clock
from seqstudio.gui.wave_model import WaveModel
from seqstudio.host.session.document import Clip

TENTH = 0.1


class RecordingModel(QObject):
    """The clip in front: its sound, its picture and its words, which move together."""

    changed = Signal()  # another clip, or it can or cannot be played
    moved = Signal()  # the playhead
    troubled = Signal(str)  # one sentence; "" when all is well again

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.player = Player(desk.background, self)
        self.wave = WaveModel(desk.background, self)
        self.transcript = TranscriptModel(desk.do, self)
        self.follow = True
        self.clip: Clip | None = None
        self._until_s: float | None = None
        self.player.moved.connect(self._hear)
        self.player.ended.connect(self.changed)
        self.player.changed.connect(self.changed)
        self.player.failed.connect(self.troubled)
        self.wave.failed.connect(self.troubled)
        desk.chosen_changed.connect(self.draw)
        desk.changed.connect(self.draw)
        self.draw()

    @property
    def sounds(self) -> bool:
        """Whether what is in front is a recording."""
        return self.clip is not None and self.clip.kind == "audio"

    @property
    def can_play(self) -> bool:
        """Whether play would do something."""
        return self.sounds and not self.player.reason

    @property
    def time_text(self) -> str:
        """Where the playhead is, and how long the recording is."""
        return f"{clock(self.wave.playhead_s, TENTH)} / {clock(self.wave.duration_s, TENTH)}"

    def draw(self) -> None:
        """Show what is in front now."""
        clip = self.desk.clip
        if clip is None:
            self.leave()
            return
        if self.clip is None or (clip.id, clip.path) != (self.clip.id, self.clip.path):
            self._turn_to(clip)
        self.clip = clip
        self.transcript.show(clip.id, clip.transcript)
        self.transcript.light(self.wave.playhead_s)
        self.changed.emit()

    def leave(self) -> None:
        """Be silent; nothing of this page is in front."""
        self.player.stop()

    def toggle(self) -> None:
        """Play from the playhead, or what is selected, or pause."""
        if self.player.playing:
            self.player.stop()
        elif self.can_play:
            selection = self.wave.selection
            self._until_s = selection[1] if selection else None
            start = self.wave.playhead_s
            if selection and not selection[0] <= start < selection[1] - 0.01:
                start = selection[0]
            self._play(0.0 if start >= self.wave.duration_s - 0.01 else start)

    def back(self) -> None:
        """Go to the beginning, or to that of the selection."""
        self.seek(self.wave.selection[0] if self.wave.selection else 0.0)

    def seek(self, second: float) -> None:
        """Put the playhead somewhere; what plays goes on from there."""
        second = min(max(second, 0.0), self.wave.duration_s)
        self._until_s = None
        if self.player.playing:
            self._play(second)
        self._place(second)

    def seek_word(self, place: Place) -> None:
        """Put the playhead where a word begins."""
        self.transcript.take_up(place)
        self.seek(self.transcript.word(place).start_s)

    def _play(self, second: float) -> None:
        if self.clip:
            self.player.play_file(self.clip.path, second)

    def _turn_to(self, clip: Clip) -> None:
        self.player.stop()
        self.troubled.emit("")
        if clip.kind == "audio":
            self.wave.show(clip.sha256, Path(clip.path))
        else:
            self.wave.clear()

    def _hear(self, second: float) -> None:
        if self._until_s is not None and second >= self._until_s:
            second = self._until_s
            self.player.stop()
        self._place(second)

    def _place(self, second: float) -> None:
        self.wave.place(second, follow=self.follow)
        self.transcript.light(self.wave.playhead_s)
        self.moved.emit()
