"""The player through an output in memory: its clock is moved by hand, its buffers are real."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from seqstudio.gui.background import Background
from seqstudio.gui.player import Player
from seqstudio.gui.sound_output import Fill, Output, SoundError
from seqstudio.media.audio import Samples


class Loop:
    """An output that plays nothing until it is asked to, with a clock of its own."""

    now_s = 0.0
    fill: Fill | None = None

    def rate_hz(self, wanted_hz: int, channels: int) -> int:
        return wanted_hz

    def open(self, rate_hz: int, channels: int, fill: Fill, over: Callable[[], None]) -> "Loop":
        self.frame_s, self.channels, self.over, self.fill = 1 / rate_hz, channels, over, fill
        return self

    def close(self) -> None:
        self.fill = None

    def play(self, frames: int) -> Samples:
        """Take a buffer, and let the clock run until all of it was heard."""
        assert self.fill is not None
        out = np.zeros((frames, self.channels), np.float32)
        last = self.fill(out, self.now_s)
        self.now_s += frames * self.frame_s
        if last:
            self.over()
        return out


@pytest.fixture
def loop() -> Loop:
    return Loop()


@pytest.fixture
def background() -> Iterator[Background]:
    background = Background()
    yield background
    background.finish()


@pytest.fixture
def player(background: Background, loop: Loop, qtbot: QtBot) -> Player:
    player = Player(background, background, find=lambda: loop)
    qtbot.waitUntil(lambda: not player.reason)
    return player


def no_output() -> Output:
    raise SoundError("This computer has no sound output that can be used.")


def test_why_nothing_can_be_heard_is_a_sentence(background: Background, qtbot: QtBot) -> None:
    player = Player(background, background, find=no_output)
    with qtbot.waitSignal(player.changed):
        pass
    assert player.reason == "This computer has no sound output that can be used."

    player.play(np.zeros((100, 1), np.float32), 100)
    assert not player.playing


def test_the_position_follows_the_clock_of_the_output(
    player: Player, loop: Loop, qtbot: QtBot
) -> None:
    player.play(np.ones((4000, 2), np.float32), 1000, start_s=1.0)
    qtbot.waitUntil(lambda: loop.fill is not None)
    assert player.playing

    with qtbot.waitSignal(player.moved, check_params_cb=lambda s: s == pytest.approx(1.5)):
        qtbot.waitUntil(lambda: bool(loop.play(500).all()) or loop.now_s > 50)


def test_a_file_is_played_from_a_second_on_to_its_end(
    player: Player, loop: Loop, qtbot: QtBot, recording: Path
) -> None:
    player.play_file(recording, start_s=0.5)
    qtbot.waitUntil(lambda: loop.fill is not None)
    with qtbot.waitSignal(player.ended):
        while loop.fill and loop.now_s < 60:
            loop.play(16000)
    assert not player.playing


def test_stopping_keeps_the_position(player: Player, loop: Loop, qtbot: QtBot) -> None:
    player.play(np.ones((4000, 1), np.float32), 1000, start_s=2.0)
    qtbot.waitUntil(lambda: loop.fill is not None)
    with qtbot.waitSignal(player.ended):
        player.stop()

    assert not player.playing
    assert player.position_s == 2.0


def test_a_file_that_is_gone_ends_the_playing_with_a_reason(
    player: Player, qtbot: QtBot, tmp_path: Path
) -> None:
    with qtbot.waitSignal(player.failed) as told:
        player.play_file(tmp_path / "gone.wav")
    assert "gone.wav: No such file" in told.args[0]
    assert not player.playing
