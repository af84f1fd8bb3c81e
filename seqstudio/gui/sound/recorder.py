"""Records from the microphone to a file that can be opened at any time."""

import time
import wave
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from seqstudio.errors import SeqStudioError
from seqstudio.gui.sound.devices import SoundError, SoundInput
from seqstudio.gui.sound.output import Stream
from seqstudio.gui.workspace.background import Background

if TYPE_CHECKING:  # numpy would delay the first paint
    from seqstudio.media.audio import Samples

RATE_HZ = 44100
SAMPLE_BYTES = 2
FULL_SCALE = 32767


class RecordedFile:
    """A WAV file in mono; each block is on the disk, with a header that fits, before the next."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._raw = path.open("xb", buffering=0)
        self._wave = wave.Wave_write(self._raw)
        self._wave.setnchannels(1)
        self._wave.setsampwidth(SAMPLE_BYTES)
        self._wave.setframerate(RATE_HZ)

    def add(self, block: "Samples") -> None:
        """Append a block of (N, 1), full scale at -1 and 1."""
        import numpy as np

        clipped = np.clip(block[:, 0], -1.0, 1.0) * FULL_SCALE
        self._wave.writeframes(clipped.astype("<i2").tobytes())

    def close(self) -> None:
        """Close the file."""
        self._wave.close()
        self._raw.close()


class Recorder(QObject):
    """Starts and stops recordings, one at a time.

    Parameters
    ----------
    background : opens and closes the microphone
    folder : of the recordings
    source : the microphone
    """

    changed = Signal()  # `recording` has changed
    finished = Signal(object)  # the path of a recording
    failed = Signal(str)

    def __init__(
        self,
        background: Background,
        folder: Path,
        parent: QObject | None = None,
        *,
        source: Callable[[], SoundInput] = SoundInput,
    ) -> None:
        super().__init__(parent)
        self._background, self._folder, self._source = background, folder, source
        self._file: RecordedFile | None = None
        self._stream: Stream | None = None
        self._opening = False
        self.recording = False

    def toggle(self) -> None:
        """Start a recording, or end it."""
        if self.recording:
            self.stop()
        elif self._opening:  # stopped and started again before the microphone is open
            self._set(recording=True)
        elif self._file is None:
            self._opening = True
            self._set(recording=True)
            name = time.strftime("Recording %Y-%m-%d %H.%M.%S")
            path, number = self._folder / f"{name}.wav", 2
            while path.exists():
                path, number = self._folder / f"{name} {number}.wav", number + 1
            self._background.run(lambda: self._open(path), self._on_opened, self._on_failed)

    def stop(self) -> None:
        """End the recording; its file is announced once it is closed."""
        stream, file = self._stream, self._file
        self._set(recording=False)
        if stream and file:
            self._stream = None
            self._background.run(lambda: _close(stream, file), self._on_closed, self._on_failed)

    def _open(self, path: Path) -> tuple[RecordedFile, Stream]:
        try:
            file = RecordedFile(path)
        except OSError as error:
            raise SoundError(f"{path}: {error.strerror}, expected a folder of yours") from error
        try:
            return file, self._source().open(RATE_HZ, file.add)
        except SeqStudioError:
            file.close()
            path.unlink()
            raise

    def _on_opened(self, opened: tuple[RecordedFile, Stream]) -> None:
        self._file, self._stream = opened
        self._opening = False
        if not self.recording:  # stopped while it was opened
            self.stop()

    def _on_closed(self, path: Path) -> None:
        self._file = None
        self.finished.emit(path)

    def _on_failed(self, reason: str) -> None:
        self._file = self._stream = None
        self._opening = False
        self._set(recording=False)
        self.failed.emit(reason)

    def _set(self, *, recording: bool) -> None:
        if recording != self.recording:
            self.recording = recording
            self.changed.emit()


def _close(stream: Stream, file: RecordedFile) -> Path:
    stream.close()
    file.close()
    return file.path
