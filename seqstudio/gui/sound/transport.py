"""The transport: one player for the whole window, and what the page in front of it can play."""

from PySide6.QtCore import QObject, Signal

from seqstudio.gui.sound.played import Loop
from seqstudio.gui.sound.player import Player
from seqstudio.gui.sound.recorder import Recorder
from seqstudio.gui.widgets.time_text import format_time
from seqstudio.gui.workspace.workspace import Workspace

SPEEDS = (0.5, 0.6, 0.75, 0.9, 1.0, 1.25, 1.5, 2.0)
TIME_STEP_S = 0.1
BACK_S = 3.0  # of the command that repeats what was just heard


class Source(QObject):
    """What a page can play. A page makes one and tells the transport when it is shown."""

    changed = Signal()  # its title, its length, its selection, or whether it is ready
    moved = Signal()  # its position, while nothing is played

    @property
    def title(self) -> str:
        """What is played, in a few words; "" for nothing."""
        return ""

    @property
    def length_s(self) -> float:
        """Its length in seconds; 0 while that is not known."""
        return 0.0

    @property
    def position_s(self) -> float:
        """The second from which it plays next."""
        return 0.0

    @property
    def selection(self) -> Loop | None:
        """The seconds that are selected, to be repeated."""
        return None

    def play(self) -> None:
        """Play from the position."""

    def seek(self, second: float) -> None:
        """Go to a second; what plays goes on from there."""


class Transport(QObject):
    """Plays, stops, repeats and seeks in the source of the page that was shown last."""

    changed = Signal()
    moved = Signal()  # the position

    def __init__(self, workspace: Workspace, player: Player | None = None) -> None:
        super().__init__(workspace)
        self.player = player or Player(workspace.background, self, look=False)
        folder = workspace.studio.profile.home / "recordings"
        self.recorder = Recorder(workspace.background, folder, self)
        self.recorder.changed.connect(self.changed)
        self.recorder.finished.connect(lambda path: workspace.import_files([path]))
        self.recorder.failed.connect(workspace.failed)
        self.source: Source | None = None
        self.looping = False
        self.metronome = False
        self.player.changed.connect(self.changed)
        self.player.position_changed.connect(lambda _second: self.moved.emit())
        workspace.closing.connect(self.player.stop)
        workspace.closing.connect(self.recorder.stop)

    @classmethod
    def of(cls, workspace: Workspace) -> "Transport":
        """Return the transport of a workspace; there is one, made on first use."""
        found = workspace.findChild(cls)
        return found if isinstance(found, cls) else cls(workspace)

    def show(self, source: Source) -> None:
        """Control this source from now on; another one stops."""
        if source is self.source:
            return
        if self.source:
            self.player.stop()
            self.source.changed.disconnect(self._on_source_changed)
            self.source.moved.disconnect(self.moved)
        self.source = source
        source.changed.connect(self._on_source_changed)
        source.moved.connect(self.moved)
        self._on_source_changed()

    @property
    def ready(self) -> bool:
        """Whether something can be played."""
        return bool(self.source and self.source.title and not self.player.reason)

    @property
    def title(self) -> str:
        """What is played, or why nothing can be."""
        if self.recorder.recording:
            return "Recording from the microphone; press again to end it."
        if self.player.reason:
            return self.player.reason
        return self.source.title if self.source else ""

    @property
    def position_s(self) -> float:
        """The second that is heard, or from which it plays next."""
        if self.player.playing:
            return self.player.position_s
        return self.source.position_s if self.source else 0.0

    @property
    def length_s(self) -> float:
        """The length of the source."""
        return self.source.length_s if self.source else 0.0

    @property
    def time_text(self) -> str:
        """The position and the length."""
        seconds = (self.position_s, self.length_s)
        return " / ".join(format_time(second, TIME_STEP_S) for second in seconds)

    def toggle(self) -> None:
        """Play, or stop."""
        if self.player.playing:
            self.player.stop()
        elif self.ready and self.source:
            self._update_loop()
            self.source.play()

    def seek(self, second: float) -> None:
        """Go to a second."""
        if self.source:
            self.source.seek(min(max(second, 0.0), self.length_s))
            self.moved.emit()

    def go_back(self) -> None:
        """Go back by `BACK_S`, to hear something again."""
        self.seek(self.position_s - BACK_S)

    def set_looping(self, *, looping: bool) -> None:
        """Repeat the selection, or all where nothing is selected."""
        self.looping = looping
        self._update_loop()
        self.changed.emit()

    def set_metronome(self, *, on: bool) -> None:
        """Hear the beats of a take."""
        self.metronome = on
        self.changed.emit()

    def step_speed(self, steps: int) -> None:
        """Play slower or faster, by steps of `SPEEDS`."""
        at = SPEEDS.index(min(SPEEDS, key=lambda speed: abs(speed - self.player.speed)))
        self.player.set_speed(SPEEDS[min(max(at + steps, 0), len(SPEEDS) - 1)])

    def _update_loop(self) -> None:
        loop: Loop | None = None
        if self.looping and self.source:
            loop = self.source.selection or (0.0, self.source.length_s)
        self.player.set_loop(loop)

    def _on_source_changed(self) -> None:
        if self.looping:
            self._update_loop()
        self.changed.emit()
