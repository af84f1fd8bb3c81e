"""Sound from the first minute: a recording and a tune through miniaudio's null device."""

from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from seqstudio.gui.shell.window_view import Window
from seqstudio.gui.sound.devices import NULL, find_output
from seqstudio.gui.sound.player import Player
from seqstudio.gui.sound.transport import Transport
from seqstudio.gui.takes.clicks import beats, with_clicks
from seqstudio.gui.takes.playback import render_take
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.session.document import Take

SPACE = Qt.Key.Key_Space


@pytest.fixture
def workspace(workspace: Workspace) -> Workspace:
    """A workspace with sound that is not heard."""
    find = partial(find_output, NULL)
    Transport(workspace, Player(workspace.background, workspace, find=find))
    return workspace


@pytest.fixture
def filled(window: Window, qtbot: QtBot, tune: Path, recording: Path) -> Window:
    window.workspace.import_files([recording, tune])
    qtbot.waitUntil(lambda: len(window.workspace.document.clips) == 2)
    qtbot.waitUntil(lambda: window.transport.ready and window.transport.length_s > 1)
    window.activateWindow()
    return window


@pytest.mark.medium
def test_the_space_bar_plays_a_recording_and_then_a_tune(filled: Window, qtbot: QtBot) -> None:
    transport, document = filled.transport, filled.workspace.document
    filled.library.tree.setFocus()
    qtbot.keyClick(filled.library.tree, SPACE)
    qtbot.waitUntil(lambda: transport.position_s > 0.1)
    assert filled.transport_bar.play.accessibleName() == "Stop"
    qtbot.keyClick(filled.library.tree, SPACE)
    assert not transport.player.playing

    filled.workspace.select(document.takes[0].id)
    qtbot.waitUntil(lambda: transport.title == "greensleeves" and transport.length_s > 10)
    qtbot.keyClick(filled.focusWidget() or filled, SPACE)
    qtbot.waitUntil(lambda: transport.player.playing and transport.position_s > 0.1)
    filled.show_page("models")
    assert not transport.player.playing
    qtbot.keyClick(filled.stack, SPACE)
    qtbot.waitUntil(lambda: transport.player.playing)
    transport.toggle()


def test_the_space_bar_types_where_one_types(filled: Window, qtbot: QtBot) -> None:
    filled.commands.action("app.commands").trigger()
    field = filled.palette_view.findChild(QLineEdit)
    qtbot.keyClicks(field, "a b")
    assert field.text() == "a b"
    assert not filled.transport.player.playing


def test_speed_volume_and_repeat_are_one_click_away(filled: Window, qtbot: QtBot) -> None:
    bar, transport = filled.transport_bar, filled.transport
    bar.volume.setValue(40)
    assert transport.player.volume == pytest.approx(0.4)
    filled.commands.action("transport.faster").trigger()
    assert (transport.player.speed, bar.speed.currentText()) == (1.25, "1.25 x")
    page = filled.stack.currentWidget()
    page.model.waveform.select(0.5, 0.9)  # type: ignore[attr-defined]
    qtbot.mouseClick(bar.loop, Qt.MouseButton.LeftButton)
    assert transport.player.loop == (0.5, 0.9)
    bar.position.setValue(500)
    assert transport.position_s == pytest.approx(transport.length_s / 2, abs=0.01)


@pytest.mark.medium
def test_the_metronome_clicks_at_each_beat(tune: Path) -> None:
    take = Take.of(tune.read_bytes(), "tune")
    score, silent = take.score, frozenset(range(len(take.tracks)))
    audio = render_take(take)
    clicks = with_clicks(audio, score).samples - audio.samples
    found = list(beats(score))
    assert len(found) > 20
    for second, _ in found[:10]:
        at = round(second * audio.rate_hz)
        assert abs(clicks[at : at + 400]).max() > 0.1
    assert sum(first for _, first in found) == len(score.tempo_map.bars(score.end_tick)) - 1
    assert render_take(take, silent, metronome=True).samples.any()
