"""Plays recordings and takes, and says where it is; one thing at a time."""

from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from seqstudio.gui.sound.output import Output, Voice, find_output
from seqstudio.gui.workspace.background import Background
from seqstudio.media.audio import Audio, Samples, read_blocks

TICK_MS = 16
BLOCK_S = 0.5


class Player(QObject):
    """Hears samples or a file through this computer's output.

    Parameters
    ----------
    background : looks for the output, which may take a second
    find : gives the output, or raises `SeqStudioError` with what would help
    """

    moved = Signal(float)  # the second that is heard
    ended = Signal()  # played to its end, or stopped
    changed = Signal()  # `playing` or `reason` is another
    failed = Signal(str)  # ended before its end: why

    def __init__(
        self,
        background: Background,
        parent: QObject | None = None,
        *,
        find: Callable[[], Output] = find_output,
    ) -> None:
        super().__init__(parent)
        self._output: Output | None = None
        self._voice: Voice | None = None
        self._position_s = 0.0
        self.reason = "Looking for a sound output."  # why nothing can be played, or ""
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        background.run(find, self._found, self._missing)

    @property
    def playing(self) -> bool:
        """Whether something is being played."""
        return self._voice is not None

    @property
    def position_s(self) -> float:
        """The second that is heard, or was heard last."""
        return self._position_s

    def play(self, samples: Samples, rate_hz: int, start_s: float = 0.0) -> None:
        """Play samples of (N, channels), full scale at -1 and 1, from a second on."""
        self._begin(lambda: _blocks(samples, rate_hz, start_s), start_s)

    def play_file(self, path: Path, start_s: float = 0.0) -> None:
        """Play a recording of any length from a second on; it is read while it is played."""
        self._begin(lambda: read_blocks(path, BLOCK_S, start_s=start_s), start_s)

    def stop(self) -> None:
        """Be silent; the position stays."""
        if self._voice:
            self._position_s = self._voice.position_s
            self._voice.stop()
            self._over()

    def _begin(self, blocks: Callable[[], Iterator[Audio]], start_s: float) -> None:
        if not self._output:
            return
        if self._voice:
            self._voice.stop()
        self._position_s = start_s
        self._voice = Voice(self._output, blocks, start_s)
        self._timer.start()
        self.changed.emit()

    def _tick(self) -> None:
        voice = self._voice
        if not voice:
            return
        alive = voice.playing
        if (now_s := voice.position_s) != self._position_s:
            self._position_s = now_s
            self.moved.emit(now_s)
        if alive:
            return
        self._over()
        if voice.reason:
            self.failed.emit(voice.reason)

    def _over(self) -> None:
        self._voice = None
        self._timer.stop()
        self.changed.emit()
        self.ended.emit()

    def _found(self, output: Output) -> None:
        self._output = output
        self.reason = ""
        self.changed.emit()

    def _missing(self, reason: str) -> None:
        self.reason = reason
        self.changed.emit()


def _blocks(samples: Samples, rate_hz: int, start_s: float) -> Iterator[Audio]:
    """Yield what is in memory in blocks, from a second on."""
    step = max(1, round(BLOCK_S * rate_hz))
    for first in range(round(start_s * rate_hz), len(samples), step):
        yield Audio(samples[first : first + step], rate_hz)
