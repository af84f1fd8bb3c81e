"""Plays recordings and takes, one at a time, and reports the position."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from seqstudio.gui.sound.devices import find_output
from seqstudio.gui.sound.output import Output, Playback, Volume
from seqstudio.gui.sound.played import Loop, Reader, played_blocks
from seqstudio.gui.workspace.background import Background

if TYPE_CHECKING:  # numpy would delay the first paint
    from seqstudio.media.audio import Audio, Samples

TICK_MS = 16
BLOCK_S = 0.5


class Player(QObject):
    """Plays samples or a file through this computer's sound output.

    Parameters
    ----------
    background : finds the output, which may take a second
    find : returns the output, or raises `SeqStudioError` with a text that says what would help
    look : look for the output at once; False leaves that to the first `look_again`
    """

    position_changed = Signal(float)  # the second that is heard
    ended = Signal()  # played to its end, or stopped
    changed = Signal()  # `playing`, `reason`, `speed`, `loop` or the volume has changed
    failed = Signal(str)  # why it ended early

    def __init__(
        self,
        background: Background,
        parent: QObject | None = None,
        *,
        find: Callable[[], Output] = find_output,
        look: bool = True,
    ) -> None:
        super().__init__(parent)
        self._background, self._find = background, find
        self._output: Output | None = None
        self._playback: Playback | None = None
        self._reader: Reader | None = None  # of what is played
        self._owner: object = None  # who plays it
        self._volume = Volume()
        self._position_s = 0.0
        self.speed = 1.0
        self.loop: Loop | None = None  # seconds that are repeated
        self.reason = "Looking for a sound device."  # why nothing can be played, or ""
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        if look:
            self.look_again()

    def look_again(self) -> None:
        """Look for a sound output: headphones may have been plugged in."""
        self._background.run(self._find, self._on_found, self._on_not_found)

    @property
    def playing(self) -> bool:
        """Whether something is being played."""
        return self._playback is not None

    def plays(self, owner: object) -> bool:
        """Whether something is played for one of those who share this player."""
        return self.playing and self._owner is owner

    @property
    def position_s(self) -> float:
        """The second that is heard, or was heard last."""
        return self._position_s

    @property
    def volume(self) -> float:
        """The loudness, 0 to 1."""
        return self._volume.level

    def set_volume(self, level: float) -> None:
        """Set the loudness, 0 to 1, of what is played too."""
        self._volume.level = min(max(level, 0.0), 1.0)
        self.changed.emit()

    def set_speed(self, speed: float) -> None:
        """Set the speed, 0.5 to 2, at the same pitch; what is played goes on at it."""
        if speed != self.speed:
            self.speed = speed
            self._continue()

    def set_loop(self, loop: Loop | None) -> None:
        """Repeat these seconds, or nothing; what is played goes on in the loop."""
        if loop != self.loop:
            self.loop = loop
            self._continue()

    def play(
        self, samples: "Samples", rate_hz: int, start_s: float = 0.0, *, owner: object = None
    ) -> None:
        """Play samples of (N, channels), full scale at -1 and 1, from a second on."""
        self._start(partial(_blocks, samples, rate_hz), start_s, owner)

    def play_file(self, path: Path, start_s: float = 0.0, *, owner: object = None) -> None:
        """Play a recording of any length from a second on; it is read while it is played."""
        self._start(partial(_file_blocks, path), start_s, owner)

    def stop(self) -> None:
        """Stop playing; the position stays."""
        if self._playback:
            self._position_s = self._playback.position_s
            self._playback.stop()
            self._end()

    def _start(self, reader: Reader, start_s: float, owner: object) -> None:
        if not self._output:
            return
        if self._playback and owner is not self._owner:
            self.stop()
        if self._playback:
            self._playback.stop()
        self._reader, self._owner = reader, owner
        self._position_s = start_s
        blocks = partial(played_blocks, reader, start_s, loop=self.loop, speed=self.speed)
        self._playback = Playback(self._output, blocks, start_s, self._volume)
        self._timer.start()
        self.changed.emit()

    def _continue(self) -> None:
        """Go on from the position with the present speed and loop."""
        if self._playback and self._reader:
            self._start(self._reader, self._playback.position_s, self._owner)
        else:
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


def _file_blocks(path: Path, start_s: float) -> "Iterator[Audio]":
    """Yield the blocks of a file, from a second on."""
    from seqstudio.media.audio import read_blocks

    return read_blocks(path, BLOCK_S, start_s=start_s)


def _blocks(samples: "Samples", rate_hz: int, start_s: float) -> "Iterator[Audio]":
    """Yield samples in blocks, from a second on."""
    from seqstudio.media.audio import Audio

    step = max(1, round(BLOCK_S * rate_hz))
    for first in range(round(start_s * rate_hz), len(samples), step):
        yield Audio(samples[first : first + step], rate_hz)
