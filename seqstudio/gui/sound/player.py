"""Plays recordings and takes, one at a time, and reports the position."""

from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from seqstudio.gui.sound.output import Output, Playback, find_output
from seqstudio.gui.workspace.background import Background
from seqstudio.media.audio import Audio, Samples, read_blocks

TICK_MS = 16
BLOCK_S = 0.5


class Player(QObject):
    """Plays samples or a file through this computer's sound output.

    Parameters
    ----------
    background : finds the output, which may take a second
    find : returns the output, or raises `SeqStudioError` with a text that says what would help
    """

    position_changed = Signal(float)  # the second that is heard
    ended = Signal()  # played to its end, or stopped
    changed = Signal()  # `playing` or `reason` has changed
    failed = Signal(str)  # why it ended early

    def __init__(
        self,
        background: Background,
        parent: QObject | None = None,
        *,
        find: Callable[[], Output] = find_output,
    ) -> None:
        super().__init__(parent)
        self._output: Output | None = None
        self._playback: Playback | None = None
        self._position_s = 0.0
        self.reason = "Looking for a sound output."  # why nothing can be played, or ""
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        background.run(find, self._on_found, self._on_not_found)

    @property
    def playing(self) -> bool:
        """Whether something is being played."""
        return self._playback is not None

    @property
    def position_s(self) -> float:
        """The second that is heard, or was heard last."""
        return self._position_s

    def play(self, samples: Samples, rate_hz: int, start_s: float = 0.0) -> None:
        """Play samples of (N, channels), full scale at -1 and 1, from a second on."""
        self._start(lambda: _blocks(samples, rate_hz, start_s), start_s)

    def play_file(self, path: Path, start_s: float = 0.0) -> None:
        """Play a recording of any length from a second on; it is read while it is played."""
        self._start(lambda: read_blocks(path, BLOCK_S, start_s=start_s), start_s)

    def stop(self) -> None:
        """Stop playing; the position stays."""
        if self._playback:
            self._position_s = self._playback.position_s
            self._playback.stop()
            self._end()

    def _start(self, blocks: Callable[[], Iterator[Audio]], start_s: float) -> None:
        if not self._output:
            return
        if self._playback:
            self._playback.stop()
        self._position_s = start_s
        self._playback = Playback(self._output, blocks, start_s)
        self._timer.start()
        self.changed.emit()

    def _tick(self) -> None:
        playback = self._playback
        if not playback:
            return
        alive = playback.playing
        if (now_s := playback.position_s) != self._position_s:
            self._position_s = now_s
            self.position_changed.emit(now_s)
        if alive:
            return
        self._end()
        if playback.reason:
            self.failed.emit(playback.reason)

    def _end(self) -> None:
        self._playback = None
        self._timer.stop()
        self.changed.emit()
        self.ended.emit()

    def _on_found(self, output: Output) -> None:
        self._output = output
        self.reason = ""
        self.changed.emit()

    def _on_not_found(self, reason: str) -> None:
        self.reason = reason
        self.changed.emit()


def _blocks(samples: Samples, rate_hz: int, start_s: float) -> Iterator[Audio]:
    """Yield samples in blocks, from a second on."""
    step = max(1, round(BLOCK_S * rate_hz))
    for first in range(round(start_s * rate_hz), len(samples), step):
        yield Audio(samples[first : first + step], rate_hz)
