"""Sound out of this computer: a device's buffers filled from blocks, and what is heard when.

Nothing in here knows of Qt. PortAudio, by the package sounddevice, is imported where it is used.
"""

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np

from seqstudio.errors import SeqStudioError
from seqstudio.media.audio import Audio, Samples, mono, resample_blocks

Fill = Callable[[Samples, float], bool]  # a buffer, and when it is heard; True: this is the last
AHEAD = 8  # blocks that are read before they are wanted
WAIT_S = 0.1
# Of the whole process, as PortAudio is: streams are opened and closed one at a time.
PORTAUDIO = threading.Lock()


class Stream(Protocol):
    """An output that takes sound, until it is closed."""

    @property
    def now_s(self) -> float:
        """The device's clock."""

    def close(self) -> None:
        """Be silent at once."""


class Output(Protocol):
    """Where sound goes."""

    def rate_hz(self, wanted_hz: int, channels: int) -> int:
        """Give the rate wanted, or the one that the device takes in its place."""

    def open(self, rate_hz: int, channels: int, fill: Fill, over: Callable[[], None]) -> Stream:
        """Ask `fill` for buffers from now on; call `over` when the last one was heard.

        Raises
        ------
        SeqStudioError
            If the device cannot be opened.
        """


class SoundError(SeqStudioError):
    """Sound cannot be played; the text says what would help."""


class Feeder:
    """Between the thread that reads and the thread of the device."""

    def __init__(self, rate_hz: int, start_s: float) -> None:
        self._rate_hz = rate_hz
        self._blocks: queue.Queue[Samples | None] = queue.Queue(AHEAD)
        self._rest: Samples | None = None
        self._handed = 0  # frames that the device has
        self._mark = (0.0, 0)  # a time of the device's clock, and the frame that is heard then
        self._start_s = self._heard_s = start_s
        self.stopped = threading.Event()

    def put(self, block: Samples | None) -> bool:
        """Add (N, channels) samples, or None for the end; False once this was stopped.

        Waits while enough is there already.
        """
        while not self.stopped.is_set():
            try:
                self._blocks.put(block, timeout=WAIT_S)
            except queue.Full:
                continue
            return True
        return False

    def fill(self, out: Samples, heard_at_s: float) -> bool:
        """Fill a buffer of (frames, channels); silence where nothing has been read yet.

        Called by the device's thread, with when the buffer's first frame is heard. True when the
        sound ends in this buffer.
        """
        self._mark = (heard_at_s, self._handed)
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
            self._handed += count
        out[done:] = 0
        return self.stopped.is_set()

    def position_s(self, now_s: float) -> float:
        """Say what second of the sound is heard at a time of the device's clock; it never falls."""
        at_s, frame = self._mark
        played = min(frame / self._rate_hz + now_s - at_s, self._handed / self._rate_hz)
        self._heard_s = max(self._heard_s, self._start_s + played)
        return self._heard_s


class Voice:
    """One sound that is being played, on a thread of its own.

    Parameters
    ----------
    output : where it goes
    blocks : called on the thread; gives the sound from `start_s` on, all of one rate
    start_s : where in the sound the first block begins
    """

    def __init__(
        self, output: Output, blocks: Callable[[], Iterator[Audio]], start_s: float
    ) -> None:
        self._output, self._blocks, self._start_s = output, blocks, start_s
        self._feeder: Feeder | None = None
        self._stream: Stream | None = None
        self._held = threading.Lock()  # a stream that is being asked the time is not closed
        self._over = threading.Event()
        self._stopped = False
        self.reason = ""  # why it ended before its end
        self._thread = threading.Thread(target=self._run, name="sound", daemon=True)
        self._thread.start()

    @property
    def playing(self) -> bool:
        """Whether there is more to hear."""
        return self._thread.is_alive()

    @property
    def position_s(self) -> float:
        """The second that is heard now."""
        with self._held:
            if self._feeder and self._stream:
                return self._feeder.position_s(self._stream.now_s)
            return self._start_s

    def stop(self) -> None:
        """Be silent, as soon as the device is; does not wait for it."""
        self._stopped = True
        if self._feeder:
            self._feeder.stopped.set()
        self._over.set()

    def join(self) -> None:
        """Wait until the device is let go of."""
        self._thread.join()

    def _run(self) -> None:
        try:
            self._play()
        except SeqStudioError as bad:
            self.reason = str(bad)

    def _play(self) -> None:
        blocks = map(_at_most_two_channels, self._blocks())
        first = next(blocks, None)
        if first is None:
            return
        channels = first.samples.shape[1]
        rate_hz = self._output.rate_hz(first.rate_hz, channels)
        feeder = self._feeder = Feeder(rate_hz, self._start_s)
        if self._stopped:
            return
        stream = self._output.open(rate_hz, channels, feeder.fill, self._over.set)
        self._stream = stream
        try:
            for block in resample_blocks(_with(first, blocks), rate_hz):
                if not feeder.put(block.samples):
                    return
            feeder.put(None)
            self._over.wait()
        finally:
            with self._held:
                self._start_s = feeder.position_s(stream.now_s)
                self._stream = None
            stream.close()


def _at_most_two_channels(audio: Audio) -> Audio:
    return mono(audio) if audio.samples.shape[1] > 2 else audio


def _with(first: Audio, rest: Iterator[Audio]) -> Iterator[Audio]:
    yield first
    yield from rest


def find_output() -> Output:
    """Find this computer's sound output; may take a second.

    Raises
    ------
    SoundError
        If there is none, or what it takes to reach it is not installed.
    """
    try:
        with PORTAUDIO:  # an import that fails in one thread would end half done in another
            import sounddevice
    except ModuleNotFoundError as bad:
        raise SoundError("To hear sound, install: pip install seqstudio[sound]") from bad
    except OSError as bad:
        raise SoundError(
            "To hear sound, install PortAudio; on Debian and Ubuntu: apt install libportaudio2"
        ) from bad
    try:
        with PORTAUDIO:
            device = sounddevice.query_devices(kind="output")
    except sounddevice.PortAudioError as bad:
        raise SoundError("This computer has no sound output that can be used.") from bad
    return PortAudioOutput(sounddevice, round(device["default_samplerate"]))


class PortAudioOutput:
    """The default output of this computer."""

    def __init__(self, sounddevice: Any, own_rate_hz: int) -> None:
        self._sounddevice = sounddevice
        self._own_rate_hz = own_rate_hz

    def rate_hz(self, wanted_hz: int, channels: int) -> int:
        """Give the rate wanted, or the device's own."""
        try:
            with PORTAUDIO:
                self._sounddevice.check_output_settings(samplerate=wanted_hz, channels=channels)
        except self._sounddevice.PortAudioError:
            return self._own_rate_hz
        return wanted_hz

    def open(self, rate_hz: int, channels: int, fill: Fill, over: Callable[[], None]) -> Stream:
        """Ask `fill` for buffers from now on, on PortAudio's thread."""
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
                    finished_callback=over,
                )
                stream.start()
        except self._sounddevice.PortAudioError as bad:
            raise SoundError(f"The sound output cannot be opened: {bad.args[0]}.") from bad
        return _PortAudioStream(stream)


class _PortAudioStream:
    """A stream that plays."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    @property
    def now_s(self) -> float:
        """PortAudio's clock of this stream."""
        return float(self._stream.time)

    def close(self) -> None:
        """Drop what is in the device's buffers, and let go of it."""
        with PORTAUDIO:
            self._stream.abort()
            self._stream.close()
