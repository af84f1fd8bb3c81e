"""Playback of takes: real renderings through an output in memory with a manual clock."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from seqstudio.contracts.notes import Note
from seqstudio.gui.sound.devices import SoundError
from seqstudio.gui.sound.output import Output
from seqstudio.gui.sound.player import Player
from seqstudio.gui.takes.playback import TakePlayback, render_take
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.media.audio import Samples, read_audio
from seqstudio.session.document import Take
from seqstudio.session.note_array import Notes

RATE_HZ = 48_000


@pytest.fixture
def playback(workspace: Workspace, speaker: Any, qtbot: QtBot) -> Iterator[TakePlayback]:
    player = Player(workspace.background, workspace, find=lambda: speaker)
    qtbot.waitUntil(lambda: not player.reason)
    playback = TakePlayback(workspace.background, player, workspace)
    yield playback
    playback.stop()


@pytest.fixture
def one(tune: Path) -> Take:
    return Take.of(tune.read_bytes(), "one")


@pytest.fixture
def other(one: Take) -> Take:
    tracks = (one.tracks[0], Notes.of((*one.tracks[1], Note(12_960, 72, 480))), one.tracks[2])
    return replace(one, id="other", name="other", tracks=tracks, parent=one.id)


def play_and_wait(playback: TakePlayback, speaker: Any, take: Take, qtbot: QtBot) -> None:
    playback.play(take)
    qtbot.waitUntil(lambda: playback.playing_id == take.id and speaker.fill is not None)


@pytest.mark.medium
def test_a_take_is_rendered_from_its_score_without_muted_tracks(one: Take) -> None:
    audio = render_take(one)
    assert audio.duration_s == pytest.approx(one.score.seconds(one.score.end_tick), abs=2.0)
    assert np.abs(audio.samples).max() > 0.1
    melody = render_take(one, frozenset({2})).samples
    third = slice(2 * RATE_HZ, 3 * RATE_HZ)  # the first bar is a pickup
    assert not np.array_equal(melody[third], audio.samples[third])
    assert not render_take(one, frozenset({1, 2})).samples.any()


@pytest.mark.medium
def test_another_take_continues_from_the_same_second(
    playback: TakePlayback, speaker: Any, one: Take, other: Take, qtbot: QtBot
) -> None:
    play_and_wait(playback, speaker, one, qtbot)
    qtbot.waitUntil(lambda: speaker.sound(0.5).any())
    qtbot.waitUntil(lambda: playback.position_s >= 0.5)
    playback.stop()
    assert playback.playing_id == ""
    second = playback.position_s
    qtbot.waitUntil(lambda: speaker.fill is None)
    play_and_wait(playback, speaker, other, qtbot)
    expected = render_take(other).samples[round(second * RATE_HZ) :][:100]
    qtbot.waitUntil(lambda: _same(speaker.sound(100 / RATE_HZ), expected))


@pytest.mark.medium
def test_playback_continues_from_the_second_sought(
    playback: TakePlayback, speaker: Any, one: Take, qtbot: QtBot
) -> None:
    play_and_wait(playback, speaker, one, qtbot)
    playback.seek(3.0)
    assert playback.playing_id == one.id
    qtbot.waitUntil(lambda: speaker.sound(0.1) is not None and playback.position_s > 3.0)
    playback.stop()
    playback.seek(0.5)
    assert (playback.playing_id, playback.position_s) == ("", 0.5)


@pytest.mark.medium
def test_a_take_is_rendered_once(
    playback: TakePlayback, speaker: Any, one: Take, qtbot: QtBot
) -> None:
    play_and_wait(playback, speaker, one, qtbot)
    playback.stop()
    playback.play(replace(one, name="other name", accepted=True))
    assert (playback.rendering_id, playback.playing_id) == ("", one.id)


@pytest.mark.medium
def test_playback_follows_an_edit_but_not_a_new_name(
    playback: TakePlayback, speaker: Any, one: Take, other: Take, qtbot: QtBot
) -> None:
    play_and_wait(playback, speaker, one, qtbot)
    playback.update(replace(one, name="renamed"))
    assert playback.rendering_id == ""
    playback.update(replace(one, tracks=other.tracks))
    assert playback.rendering_id == one.id
    playback.stop()
    playback.update(other)
    assert playback.rendering_id == ""  # nothing was playing, so nothing starts


@pytest.mark.medium
def test_a_take_that_ended_plays_from_its_start(
    playback: TakePlayback, speaker: Any, qtbot: QtBot, one: Take
) -> None:
    short = replace(one, tracks=(one.tracks[0], one.tracks[1][:1], one.tracks[2]))
    play_and_wait(playback, speaker, short, qtbot)

    def ended() -> bool:
        speaker.sound(0.5)
        return playback.playing_id == ""

    qtbot.waitUntil(ended)
    assert playback.position_s == 0.0


@pytest.mark.medium
def test_without_a_sound_output_it_says_why_and_still_saves_a_wav(
    workspace: Workspace, qtbot: QtBot, one: Take, tmp_path: Path
) -> None:
    def none() -> Output:
        raise SoundError("This computer has no sound output that can be used.")

    playback = TakePlayback(
        workspace.background,
        player := Player(workspace.background, workspace, find=none),
        workspace,
    )
    with qtbot.waitSignal(player.changed):
        pass
    assert playback.reason == "This computer has no sound output that can be used."
    playback.play(one)
    assert playback.rendering_id == ""

    playback.save(one, tmp_path / "one.wav")
    with qtbot.waitSignal(playback.message) as saved:
        pass
    assert saved.args == [f"Saved to {tmp_path / 'one.wav'}"]
    audio = read_audio(tmp_path / "one.wav")
    assert (audio.rate_hz, audio.samples.shape[1]) == (RATE_HZ, 2)
    assert audio.duration_s == pytest.approx(render_take(one).duration_s)


@pytest.mark.medium
def test_a_wav_that_cannot_be_written_is_reported(
    playback: TakePlayback, qtbot: QtBot, one: Take, tmp_path: Path
) -> None:
    with qtbot.waitSignal(playback.failed) as failure:
        playback.save(one, tmp_path / "no" / "one.wav")
    assert failure.args is not None
    assert "one.wav: No such file" in failure.args[0]


def _same(found: Samples, expected: Samples) -> bool:
    return found.any() and bool(np.allclose(found, expected, atol=1e-6))
