"""The player with an output in memory, whose clock the tests move."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from seqstudio.gui.sound.devices import SoundError
from seqstudio.gui.sound.output import Fill, Output
from seqstudio.gui.sound.player import Player
from seqstudio.gui.workspace.background import Background
from seqstudio.media.audio import Samples


class Speaker(Output, Protocol):
    """The output of the fixture `speaker`."""

    fill: Fill | None
    now_s: float

    def sound(self, seconds: float) -> Samples: ...


@pytest.fixture
def background() -> Iterator[Background]:
    background = Background()
    yield background
    background.finish()


@pytest.fixture
def player(background: Background, speaker: Speaker, qtbot: QtBot) -> Player:
    player = Player(background, background, find=lambda: speaker)
    qtbot.waitUntil(lambda: not player.reason)
    return player


def no_output() -> Output:
    raise SoundError("This computer has no sound output that can be used.")


def test_the_reason_for_no_sound_is_a_sentence(background: Background, qtbot: QtBot) -> None:
    player = Player(background, background, find=no_output)
    with qtbot.waitSignal(player.changed):
        pass
    assert player.reason == "This computer has no sound output that can be used."

    player.play(np.zeros((100, 1), np.float32), 100)
    assert not player.playing


def test_the_position_follows_the_clock_of_the_output(
    player: Player, speaker: Speaker, qtbot: QtBot
) -> None:
    player.play(np.ones((4000, 2), np.float32), 1000, start_s=1.0)
    qtbot.waitUntil(lambda: speaker.fill is not None)
    assert player.playing

    with qtbot.waitSignal(
        player.position_changed, check_params_cb=lambda s: s == pytest.approx(1.5)
    ):
        qtbot.waitUntil(lambda: bool(speaker.sound(0.5).all()))


def test_a_file_is_played_from_a_second_on_to_its_end(
    player: Player, speaker: Speaker, qtbot: QtBot, recording: Path
) -> None:
    player.play_file(recording, start_s=0.5)
    qtbot.waitUntil(lambda: speaker.fill is not None)

    def over() -> bool:
        speaker.sound(0.5)
        return not player.playing

    qtbot.waitUntil(over)
    assert player.position_s == pytest.approx(1.5)


def test_stopping_keeps_the_position(player: Player, speaker: Speaker, qtbot: QtBot) -> None:
    player.play(np.ones((4000, 1), np.float32), 1000, start_s=2.0)
    qtbot.waitUntil(lambda: speaker.fill is not None)
    with qtbot.waitSignal(player.ended):
        player.stop()

    assert not player.playing
    assert player.position_s == 2.0


def test_a_missing_file_ends_playback_with_a_reason(
    player: Player, qtbot: QtBot, tmp_path: Path
) -> None:
    with qtbot.waitSignal(player.failed) as failed:
        player.play_file(tmp_path / "gone.wav")
    assert "gone.wav: No such file" in failed.args[0]
    assert not player.playing


def test_speed_and_loop_change_what_is_played(
    player: Player, speaker: Speaker, qtbot: QtBot
) -> None:
    rate, ramp = 1000, np.arange(8000, dtype=np.float32)[:, None]
    player.play(ramp, rate, start_s=1.0)
    qtbot.waitUntil(lambda: speaker.fill is not None)
    player.set_loop((1.0, 1.1))
    qtbot.waitUntil(lambda: bool(speaker.sound(0.2).any()))
    heard = np.concatenate([speaker.sound(0.1) for _ in range(3)])
    assert heard[heard > 0].min() >= 900
    assert heard.max() <= 1100
    player.set_loop(None)
    player.set_speed(2.0)
    before = player.position_s

    def faster() -> bool:
        speaker.sound(0.05)
        return player.position_s > before + 0.2

    qtbot.waitUntil(faster)
    assert player.playing
