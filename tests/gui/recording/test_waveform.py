"""The waveform of a real file: read on a thread, drawn meanwhile, zoomed to single samples."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from pytestqt.qtbot import QtBot

from seqstudio.gui.recording.waveform import WaveformModel
from seqstudio.gui.workspace.workspace import Workspace


@pytest.fixture
def wave(workspace: Workspace) -> WaveformModel:
    model = WaveformModel(workspace.background, workspace)
    model.resize(500)
    return model


def test_a_recording_is_drawn(wave: WaveformModel, qtbot: QtBot, recording: Path) -> None:
    with qtbot.waitSignal(wave.loaded):
        wave.show("one", recording)

    assert wave.duration_s == pytest.approx(1.5)
    assert wave.columns().shape == (500, 2, 1)
    assert not wave.loading
    assert wave.gain > 1  # the recording is quiet


def test_the_waveform_grows_while_the_file_is_read(
    wave: WaveformModel, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "long.wav"
    soundfile.write(path, np.zeros((16000 * 1200, 1), np.float32), 16000)
    widths: list[int] = []
    wave.changed.connect(lambda: widths.append(len(wave.columns())) if wave.loading else None)
    with qtbot.waitSignal(wave.loaded):
        wave.show("long", path)

    assert len(wave.columns()) == 500
    assert widths == sorted(widths)


def test_a_recording_that_was_shown_is_not_read_again(
    wave: WaveformModel, qtbot: QtBot, recording: Path
) -> None:
    with qtbot.waitSignal(wave.loaded):
        wave.show("one", recording)
    wave.clear()
    assert wave.duration_s == 0

    with qtbot.waitSignal(wave.loaded):
        wave.show("one", recording)
        assert not wave.loading


def test_another_recording_stops_the_reading_of_the_first(
    wave: WaveformModel, qtbot: QtBot, recording: Path, tmp_path: Path
) -> None:
    path = tmp_path / "long.wav"
    soundfile.write(path, np.zeros((16000 * 600, 1), np.float32), 16000)
    wave.show("long", path)
    with qtbot.waitSignal(wave.loaded):
        wave.show("one", recording)

    assert wave.duration_s == pytest.approx(1.5)


def test_single_samples_are_drawn_when_zoomed_in(
    wave: WaveformModel, qtbot: QtBot, recording: Path
) -> None:
    samples, rate = soundfile.read(recording, dtype="float32")
    with qtbot.waitSignal(wave.loaded):
        wave.show("one", recording)
    wave.zoom(30, 250)
    coarse = wave.columns()
    qtbot.waitUntil(lambda: not np.array_equal(wave.columns(), coarse))

    first, per = wave.axis.start * rate, wave.axis.scale * rate
    part = samples[int(first + 100 * per) : int(first + 101 * per)]
    assert wave.columns()[100, 1, 0] == pytest.approx(part.max() * 32767, abs=1)


def test_the_position_under_the_pointer_stays_when_zooming(
    wave: WaveformModel, qtbot: QtBot, recording: Path
) -> None:
    with qtbot.waitSignal(wave.loaded):
        wave.show("one", recording)
    under = wave.axis.to_unit(100)
    wave.zoom(4, 100)
    assert wave.axis.to_unit(100) == pytest.approx(under)
    wave.fit()
    assert (wave.axis.start, wave.axis.span) == (0, pytest.approx(1.5))


def test_zoom_to_selection(wave: WaveformModel, qtbot: QtBot, recording: Path) -> None:
    with qtbot.waitSignal(wave.loaded):
        wave.show("one", recording)
    wave.select(0.9, 0.5)
    wave.zoom_to_selection()
    assert wave.selection == (0.5, 0.9)
    assert (wave.axis.start, wave.axis.stop) == (pytest.approx(0.5), pytest.approx(0.9))


def test_an_unreadable_file_is_reported(wave: WaveformModel, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "noise.wav").write_bytes(b"RIFF" + bytes(60))
    with qtbot.waitSignal(wave.failed) as failure:
        wave.show("bad", tmp_path / "noise.wav")
    assert "noise.wav: " in failure.args[0]
    assert "expected" in failure.args[0]
    assert not wave.loading
