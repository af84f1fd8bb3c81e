"""Loudspeaker and microphone, by the package miniaudio, which needs no system package.

miniaudio finds the system's sound server when it opens a device. It is imported where it is used.
"""

import ctypes
import sys
import threading
import time
from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any

from seqstudio.errors import SeqStudioError
from seqstudio.gui.sound.clock import DeviceClock
from seqstudio.gui.sound.output import Fill

if TYPE_CHECKING:  # numpy would delay the first paint
    from seqstudio.media.audio import Samples

PERIOD_MS = 30  # of one request
PERIODS = 4  # that the device holds: a busy moment of the window must not be heard
NULL = ("NULL",)  # a device that keeps time without sound, for tests
NO_OUTPUT = "No sound device found."
NO_INPUT = "No microphone found."
# The system's servers, in the order in which they are tried; elsewhere miniaudio knows them.
SERVERS: tuple[str, ...] = ("PULSEAUDIO", "ALSA", "JACK") if sys.platform == "linux" else ()
_LOCK = threading.Lock()  # for the whole process, as the system's sound libraries are
_HANDLER = ctypes.CFUNCTYPE(
    None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p
)
_IGNORE = _HANDLER(lambda *_: None)  # kept: ALSA calls it as long as the process lives


class SoundError(SeqStudioError):
    """Sound cannot be played or recorded; the text says what would help."""


class DeviceStream:
    """An open loudspeaker or microphone."""

    def __init__(self, device: Any) -> None:
        self._device = device

    @property
    def now_s(self) -> float:
        """The time on the clock of `fill`."""
        return time.monotonic()

    def close(self) -> None:
        """Drop what the device holds, and close it."""
        with _LOCK:
            self._device.close()


class SoundOutput:
    """The computer's own loudspeaker."""

    def __init__(self, servers: Sequence[str] = SERVERS) -> None:
        self._servers = servers

    def open(
        self, rate_hz: int, channels: int, fill: Fill, on_end: Callable[[], None]
    ) -> DeviceStream:
        """Open the device; it calls `fill` on a thread of its own, and resamples where it must.

        Raises
        ------
        SoundError
            If there is no device.
        """
        device = _open("PlaybackDevice", rate_hz, channels, self._servers, NO_OUTPUT)
        requests = _requests(rate_hz, channels, fill, on_end)
        next(requests)
        _start(device, requests, NO_OUTPUT)
        return DeviceStream(device)


class SoundInput:
    """The computer's own microphone."""

    def __init__(self, servers: Sequence[str] = SERVERS) -> None:
        self._servers = servers

    def open(self, rate_hz: int, receive: "Callable[[Samples], object]") -> DeviceStream:
        """Open the microphone, in mono; it passes (N, 1) blocks on a thread of its own.

        Raises
        ------
        SoundError
            If there is none.
        """
        device = _open("CaptureDevice", rate_hz, 1, self._servers, NO_INPUT)
        arrivals = _arrivals(receive)
        next(arrivals)
        _start(device, arrivals, NO_INPUT)
        return DeviceStream(device)


def find_output(servers: Sequence[str] = SERVERS) -> SoundOutput:
    """Find this computer's sound output; may take a second.

    Raises
    ------
    SoundError
        If there is none.
    """
    device = _open("PlaybackDevice", 44100, 2, servers, NO_OUTPUT)
    with _LOCK:
        device.close()
    return SoundOutput(servers)


def _open(kind: str, rate_hz: int, channels: int, servers: Sequence[str], reason: str) -> Any:
    """Open a device without starting it."""
    import miniaudio

    with _LOCK:
        _silence_alsa()
        try:
            return getattr(miniaudio, kind)(
                miniaudio.SampleFormat.FLOAT32,
                nchannels=channels,
                sample_rate=rate_hz,
                buffersize_msec=PERIOD_MS,
                callback_periods=PERIODS,
                backends=[miniaudio.Backend[name] for name in servers],
                app_name="SeqStudio",
            )
        except miniaudio.MiniaudioError as error:
            raise SoundError(reason) from error


def _start(device: Any, generator: Generator[Any, Any, None], reason: str) -> None:
    import miniaudio

    with _LOCK:
        try:
            device.start(generator)
        except miniaudio.MiniaudioError as error:
            device.close()
            raise SoundError(reason) from error


def _requests(
    rate_hz: int, channels: int, fill: Fill, on_end: Callable[[], None]
) -> Generator[bytes, int, None]:
    """Answer a device's requests; call `on_end` once the last sample is heard, then be silent."""
    import numpy as np

    clock, asked, end_s = DeviceClock(rate_hz), 0, 0.0
    frames = yield b""
    while True:
        out = np.zeros((frames, channels), np.float32)
        heard_s = clock.on_request(time.monotonic(), asked)
        asked += frames
        if not end_s:
            if fill(out, heard_s):
                end_s = heard_s + frames / rate_hz
        elif time.monotonic() >= end_s:
            on_end()
        frames = yield out.tobytes()


def _arrivals(receive: "Callable[[Samples], object]") -> Generator[None, bytes, None]:
    """Pass on what a microphone hears."""
    import numpy as np

    while True:
        data = yield
        receive(np.frombuffer(bytes(data), np.float32).reshape(-1, 1))


def _silence_alsa() -> None:
    """Keep ALSA from writing to the terminal, which it does where there is no sound card."""
    if sys.platform != "linux":
        return
    try:
        library = ctypes.CDLL("libasound.so.2")
    except OSError:  # not installed, so miniaudio does not use it either
        return
    library.snd_lib_error_set_handler(_IGNORE)
