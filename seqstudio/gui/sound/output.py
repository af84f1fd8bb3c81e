"""Sound output: fills the device's buffers from blocks and tracks the position that is heard.

Nothing in here depends on Qt, nor on a device.
"""

import queue
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from seqstudio.errors import SeqStudioError
from seqstudio.gui.sound.played import PlayedBlock

if TYPE_CHECKING:  # numpy would delay the first paint
    from seqstudio.media.audio import Samples

Fill = Callable[["Samples", float], bool]  # a buffer, and when it is heard; True: this is the last
QUEUED_BLOCKS = 8  # that are read before the device needs them
KEPT_MARKS = 64  # blocks whose place is remembered: more than a device holds
WAIT_S = 0.1


class Stream(Protocol):
    """An open output stream."""

    @property
    def now_s(self) -> float:
        """The time on the device's clock."""

    def close(self) -> None:
        """Stop the sound at once."""


class Output(Protocol):
    """A sound output device."""

    def open(self, rate_hz: int, channels: int, fill: Fill, on_end: Callable[[], None]) -> Stream:
        """Open a stream that calls `fill` for buffers, and `on_end` when the last was heard.

        Raises
        ------
        SeqStudioError
            If the device cannot be opened.
        """


@dataclass(slots=True)
class Volume:
    """The loudness of what is played, 0 to 1; changed while it is heard."""

    level: float = 1.0


class PlaybackBuffer:
    """Passes blocks from the thread that reads them to the thread of the device."""

    def __init__(self, rate_hz: int, start_s: float, volume: Volume | None = None) -> None:
        self._rate_hz = rate_hz
        self._volume = volume or Volume()
        self._blocks: queue.Queue[PlayedBlock | None] = queue.Queue(QUEUED_BLOCKS)
        self._rest: Samples | None = None
        self._delivered = 0  # frames that the device has
        self._mark = (0.0, 0)  # a time on the device's clock, and the frame that is heard then
        self._places: list[tuple[int, float, float]] = [(0, start_s, 1.0)]  # frame, second, speed
        self._heard = 0.0
        self.stopped = threading.Event()

    def put(self, block: PlayedBlock | None) -> bool:
        """Add a block, or None for the end; return False once stopped.

        Waits while the queue is full.
        """
        while not self.stopped.is_set():
            try:
                self._blocks.put(block, timeout=WAIT_S)
            except queue.Full:
                continue
            return True
        return False

    def fill(self, out: "Samples", heard_at_s: float) -> bool:
        """Fill a buffer of (frames, channels); with silence where nothing has been read yet.

        Called by the device's thread, with the time when the buffer's first frame is heard.
        Returns True when the sound ends in this buffer.
        """
        self._mark = (heard_at_s, self._delivered)
        done = 0
        while done < len(out):
            rest = self._rest
            if rest is None or not len(rest):
                try:
                    block = self._blocks.get_nowait()
                except queue.Empty:
                    break
                if block is None:
                    out[done:] = 0
                    return True
                rest = self._begin(block)
            count = min(len(out) - done, len(rest))
            out[done : done + count] = rest[:count]
            self._rest = rest[count:]
            done += count
            self._delivered += count
        out[done:] = 0
        if self._volume.level != 1.0:
            out *= self._volume.level
        return self.stopped.is_set()

    def position_s(self, now_s: float) -> float:
        """Return the second that is heard at a time on the device's clock.

        It goes back at the end of a loop only.
        """
        at_s, frame = self._mark
        heard = min(frame + (now_s - at_s) * self._rate_hz, float(self._delivered))
        self._heard = max(self._heard, heard)
        places = self._places
        index = bisect_right(places, self._heard, key=lambda place: place[0]) - 1
        first, second, speed = places[max(index, 0)]
        return second + speed * (self._heard - first) / self._rate_hz

    def _begin(self, block: PlayedBlock) -> "Samples":
        """Remember where a block is heard; return its samples."""
        place = (self._delivered, block.second, block.speed)
        self._places = [*self._places[-KEPT_MARKS:], place]
        return block.samples


class Playback:
    """Plays one sound, on a thread of its own.

    Parameters
    ----------
    output : the device
    blocks : called on the thread; returns the sound, all of one rate
    start_s : position of the first block in the sound
    volume : may change while it plays
    """

    def __init__(
        self,
        output: Output,
        blocks: Callable[[], Iterator[PlayedBlock]],
        start_s: float,
        volume: Volume | None = None,
    ) -> None:
        self._output, self._blocks, self._start_s = output, blocks, start_s
        self._volume = volume
        self._buffer: PlaybackBuffer | None = None
        self._stream: Stream | None = None
        self._stream_lock = threading.Lock()  # a stream is not closed while its time is read
        self._ended = threading.Event()
        self._stopped = False
        self.reason = ""  # why it ended early
        self._thread = threading.Thread(target=self._run, name="sound", daemon=True)
        self._thread.start()

    @property
    def playing(self) -> bool:
        """Whether the sound has not ended."""
        return self._thread.is_alive()

    @property
    def position_s(self) -> float:
        """The second that is heard now."""
        with self._stream_lock:
            if self._buffer and self._stream:
                return self._buffer.position_s(self._stream.now_s)
            return self._start_s

    def stop(self) -> None:
        """Stop the sound as soon as the device does; do not wait for it."""
        self._stopped = True
        if self._buffer:
            self._buffer.stopped.set()
        self._ended.set()

    def join(self) -> None:
        """Wait until the device is closed."""
        self._thread.join()

    def _run(self) -> None:
        try:
            self._play()
        except SeqStudioError as error:
            self.reason = str(error)

    def _play(self) -> None:
        blocks = self._blocks()
        first = next(blocks, None)
        if first is None:
            return
        channels = first.samples.shape[1]
        buffer = self._buffer = PlaybackBuffer(first.rate_hz, self._start_s, self._volume)
        if self._stopped:
            return
        buffer.put(first)
        stream = self._output.open(first.rate_hz, channels, buffer.fill, self._ended.set)
        self._stream = stream
        try:
            for block in blocks:
                if not buffer.put(block):
                    return
            buffer.put(None)
            self._ended.wait()
        finally:
            with self._stream_lock:
                self._start_s = buffer.position_s(stream.now_s)
                self._stream = None
            stream.close()
