"""Sound output: fills the device's buffers from blocks and tracks the position that is heard.

Nothing in here depends on Qt. PortAudio, by the package sounddevice, is imported where it is used.
"""

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np

from seqstudio.errors import SeqStudioError
from seqstudio.media.audio import Audio, Samples, mono, resample_blocks

Fill = Callable[[Samples, float], bool]  # a buffer, and when it is heard; True: this is the last
QUEUED_BLOCKS = 8  # that are read before the device needs them
WAIT_S = 0.1
# For the whole process, as PortAudio is: streams are opened and closed one at a time.
PORTAUDIO = threading.Lock()


class Stream(Protocol):
    """An open output stream."""

    @property
    def now_s(self) -> float:
        """The time on the device's clock."""

    def close(self) -> None:
        """Stop the sound at once."""


class Output(Protocol):
    """A sound output device."""

    def rate_hz(self, wanted_hz: int, channels: int) -> int:
        """Return the rate wanted if the device supports it, else the device's own."""

    def open(self, rate_hz: int, channels: int, fill: Fill, on_end: Callable[[], None]) -> Stream:
        """Open a stream that calls `fill` for buffers, and `on_end` when the last was heard.

        Raises
        ------
        SeqStudioError
            If the device cannot be opened.
        """


class SoundError(SeqStudioError):
    """Sound cannot be played; the text says what would help."""


class PlaybackBuffer:
    """Passes blocks from the thread that reads them to the thread of the device."""

    def __init__(self, rate_hz: int, start_s: float) -> None:
        self._rate_hz = rate_hz
        self._blocks: queue.Queue[Samples | None] = queue.Queue(QUEUED_BLOCKS)
        self._rest: Samples | None = None
        self._delivered = 0  # frames that the device has
        self._mark = (0.0, 0)  # a time on the device's clock, and the frame that is heard then
        self._start_s = self._heard_s = start_s
        self.stopped = threading.Event()

    def put(self, block: Samples | None) -> bool:
        """Add (N, channels) samples, or None for the end; return False once stopped.

        Waits while the queue is full.
        """
        while not self.stopped.is_set():
            try:
                self._blocks.put(block, timeout=WAIT_S)
            except queue.Full:
                continue
            return True
        return False

    def fill(self, out: Samples, heard_at_s: float) -> bool:
        """Fill a buffer of (frames, channels); with silence where nothing has been read yet.

        Called by the device's thread, with the time when the buffer's first frame is heard.
        Returns True when the sound ends in this buffer.
        """
        self._mark = (heard_at_s, self._delivered)
        done = 0
        while done < len(out):
            if self._rest is None or not len(self._rest):
                try:
                    self._rest = self._blocks.get_nowait()
                except queue.Empty:
                    break
                if self._rest is None:
                    out[done:] = 0
                    return True
            count = min(len(out) - done, len(self._rest))
            out[done : done + count] = self._rest[:count]
            self._rest = self._rest[count:]
            done += count
            self._delivered += count
        out[done:] = 0
        return self.stopped.is_set()

    def position_s(self, now_s: float) -> float:
        """Return the second that is heard at a time on the device's clock; it never decreases."""
        at_s, frame = self._mark
        played = min(frame / self._rate_hz + now_s - at_s, self._delivered / self._rate_hz)
        self._heard_s = max(self._heard_s, self._start_s + played)
        return self._heard_s


class Playback:
    """Plays one sound, on a thread of its own.

    Parameters
    ----------
    output : the device
    blocks : called on the thread; returns the sound from `start_s` on, all of one rate
    start_s : position of the first block in the sound
    """

    def __init__(
        self, output: Output, blocks: Callable[[], Iterator[Audio]], start_s: float
    ) -> None:
        self._output, self._blocks, self._start_s = output, blocks, start_s
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
        blocks = map(_at_most_two_channels, self._blocks())
        first = next(blocks, None)
        if first is None:
            return
        channels = first.samples.shape[1]
        rate_hz = self._output.rate_hz(first.rate_hz, channels)
        buffer = self._buffer = PlaybackBuffer(rate_hz, self._start_s)
        if self._stopped:
            return
        stream = self._output.open(rate_hz, channels, buffer.fill, self._ended.set)
        self._stream = stream
        try:
            for block in resample_blocks(_prepended(first, blocks), rate_hz):
                if not buffer.put(block.samples):
                    return
            buffer.put(None)
            self._ended.wait()
        finally:
            with self._stream_lock:
                self._start_s = buffer.position_s(stream.now_s)
                self._stream = None
            stream.close()


def _at_most_two_channels(audio: Audio) -> Audio:
    return mono(audio) if audio.samples.shape[1] > 2 else audio


def _prepended(first: Audio, rest: Iterator[Audio]) -> Iterator[Audio]:
    yield first
    yield from rest


def find_output() -> Output:
    """Find this computer's sound output; may take a second.

    Raises
    ------
    SoundError
        If there is none, or a package or library that it needs is not installed.
    """
    try:
        with PORTAUDIO:  # an import that fails in one thread would leave a partial one in another
            import sounddevice
    except ModuleNotFoundError as error:
        raise SoundError("To hear sound, install: pip install seqstudio[sound]") from error
    except OSError as error:
        raise SoundError(
            "To hear sound, install PortAudio; on Debian and Ubuntu: apt install libportaudio2"
        ) from error
    try:
        with PORTAUDIO:
            device = sounddevice.query_devices(kind="output")
    except sounddevice.PortAudioError as error:
        raise SoundError("This computer has no sound output that can be used.") from error
    return PortAudioOutput(sounddevice, round(device["default_samplerate"]))


class PortAudioOutput:
    """The default output of this computer."""

    def __init__(self, sounddevice: Any, own_rate_hz: int) -> None:
        self._sounddevice = sounddevice
        self._own_rate_hz = own_rate_hz

    def rate_hz(self, wanted_hz: int, channels: int) -> int:
        """Return the rate wanted if the device supports it, else the device's own."""
        try:
            with PORTAUDIO:
                self._sounddevice.check_output_settings(samplerate=wanted_hz, channels=channels)
        except self._sounddevice.PortAudioError:
            return self._own_rate_hz
        return wanted_hz

    def open(self, rate_hz: int, channels: int, fill: Fill, on_end: Callable[[], None]) -> Stream:
        """Open a stream that calls `fill` for buffers, on PortAudio's thread."""
        stop: type[Exception] = self._sounddevice.CallbackStop

        def callback(out: Samples, _frames: int, time: Any, _status: object) -> None:
            if fill(out, time.outputBufferDacTime):
                raise stop

        try:
            with PORTAUDIO:
                stream = self._sounddevice.OutputStream(
                    samplerate=rate_hz,
                    channels=channels,
                    dtype=np.float32,
                    callback=callback,
                    finished_callback=on_end,
                )
                stream.start()
        except self._sounddevice.PortAudioError as error:
            raise SoundError(f"The sound output cannot be opened: {error.args[0]}.") from error
        return _PortAudioStream(stream)


class _PortAudioStream:
    """An open PortAudio stream."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    @property
    def now_s(self) -> float:
        """The time on PortAudio's clock of this stream."""
        return float(self._stream.time)

    def close(self) -> None:
        """Drop the content of the device's buffers, and close the stream."""
        with PORTAUDIO:
            self._stream.abort()
            self._stream.close()
