"""Recording from the microphone: miniaudio's null device hears silence, in real time."""

import wave
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from seqstudio.gui.shell.window_view import Window
from seqstudio.gui.sound.devices import NO_INPUT, NULL, SoundError, SoundInput
from seqstudio.gui.sound.output import Stream
from seqstudio.gui.sound.recorder import RATE_HZ, RecordedFile, Recorder
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.media.audio import Samples, read_audio


def test_a_recording_becomes_a_clip_of_the_session(window: Window, qtbot: QtBot) -> None:
    recorder = window.transport.recorder
    recorder._source = partial(SoundInput, NULL)
    window.commands.action("transport.record").trigger()
    assert window.transport.title == "Recording from the microphone; press again to end it."
    qtbot.waitUntil(lambda: recorder._stream is not None)
    qtbot.wait(300)
    window.commands.action("transport.record").trigger()
    qtbot.waitUntil(lambda: window.workspace.clip is not None)

    assert window.workspace.clip
    path = window.workspace.clip.path
    assert path.parent == window.workspace.studio.profile.home / "recordings"
    assert read_audio(path).duration_s > 0.1
    assert window.workspace.undo_title == f"Add {path.stem}"


def test_what_was_recorded_is_whole_before_the_recording_ends(tmp_path: Path) -> None:
    file = RecordedFile(tmp_path / "new" / "talk.wav")
    for level in (0.5, 2.0):
        file.add(np.full((RATE_HZ, 1), level, np.float32))
        with wave.open(str(file.path)) as so_far:
            assert so_far.getnframes() == RATE_HZ * (1 if level == 0.5 else 2)
    file.close()
    samples = read_audio(file.path).samples[:, 0]
    assert samples[0] == pytest.approx(0.5, abs=1e-3)
    assert samples[-1] == pytest.approx(1.0, abs=1e-3)  # clipped, not wrapped around


def test_without_a_microphone_the_reason_is_a_sentence_and_no_file_stays(
    workspace: Workspace, qtbot: QtBot, tmp_path: Path
) -> None:
    class NoInput(SoundInput):
        def open(self, *_: object) -> None:  # type: ignore[override]
            raise SoundError(NO_INPUT)

    recorder = Recorder(workspace.background, tmp_path, source=NoInput)
    with qtbot.waitSignal(recorder.failed) as failed:
        recorder.toggle()
    assert failed.args == ["No microphone found."]
    assert not recorder.recording
    assert list(tmp_path.glob("*.wav")) == []


def test_pressing_again_while_the_microphone_opens_opens_it_once(
    workspace: Workspace, qtbot: QtBot, tmp_path: Path
) -> None:
    may_open, opened = Event(), []

    class SlowInput(SoundInput):
        def __init__(self) -> None:
            super().__init__(NULL)

        def open(self, rate_hz: int, heard: Callable[[Samples], None]) -> Stream:
            may_open.wait(10)
            opened.append(rate_hz)
            return super().open(rate_hz, heard)

    recorder = Recorder(workspace.background, tmp_path, source=SlowInput)
    for _ in range(3):
        recorder.toggle()
    may_open.set()
    qtbot.waitUntil(lambda: recorder._stream is not None)
    assert recorder.recording
    with qtbot.waitSignal(recorder.finished):
        recorder.toggle()
    assert opened == [RATE_HZ]
    assert len(list(tmp_path.glob("*.wav"))) == 1
