"""Takes through an output in memory: real renderings, a clock that is moved by hand."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from seqstudio.contracts.notes import Note
from seqstudio.gui.sound.output import Output, SoundError
from seqstudio.gui.sound.player import Player
from seqstudio.gui.takes.playback import Hearing, sound_of
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.media.audio import Samples, read_audio
from seqstudio.session.document import Take
from seqstudio.session.note_array import Notes

RATE_HZ = 44_100


@pytest.fixture
def hearing(workspace: Workspace, speaker: Any, qtbot: QtBot) -> Iterator[Hearing]:
    player = Player(workspace.background, workspace, find=lambda: speaker)
    qtbot.waitUntil(lambda: not player.reason)
    hearing = Hearing(workspace.background, player, workspace)
    yield hearing
    hearing.stop()


@pytest.fixture
def one(tune: Path) -> Take:
    return Take.of(tune.read_bytes(), "one")


@pytest.fixture
def other(one: Take) -> Take:
    tracks = (one.tracks[0], Notes.of((*one.tracks[1], Note(12_960, 72, 480))), one.tracks[2])
    return replace(one, id="other", name="other", tracks=tracks, parent=one.id)


def heard(hearing: Hearing, speaker: Any, take: Take, qtbot: QtBot) -> None:
    hearing.hear(take)
    qtbot.waitUntil(lambda: hearing.sounding == take.id and speaker.fill is not None)


def test_a_take_sounds_as_its_score_does(one: Take) -> None:
    audio = sound_of(one)
    assert audio.duration_s == pytest.approx(one.score.seconds(one.score.end_tick), abs=1.0)
    assert np.abs(audio.samples).max() > 0.1
    melody = sound_of(one, frozenset({2})).samples
    third = slice(2 * RATE_HZ, 3 * RATE_HZ)  # the first bar is a pickup
    assert not np.array_equal(melody[third], audio.samples[third])
    assert not sound_of(one, frozenset({1, 2})).samples.any()


def test_another_take_goes_on_from_the_same_second(
    hearing: Hearing, speaker: Any, one: Take, other: Take, qtbot: QtBot
) -> None:
    heard(hearing, speaker, one, qtbot)
    qtbot.waitUntil(lambda: speaker.sound(0.5).any())
    qtbot.waitUntil(lambda: hearing.position_s >= 0.5)
    hearing.stop()
    assert hearing.sounding == ""
    second = hearing.position_s
    qtbot.waitUntil(lambda: speaker.fill is None)
    heard(hearing, speaker, other, qtbot)
    expected = sound_of(other).samples[round(second * RATE_HZ) :][:100]
    qtbot.waitUntil(lambda: _same(speaker.sound(100 / RATE_HZ), expected))


def test_what_sounds_goes_on_where_it_is_sent(
    hearing: Hearing, speaker: Any, one: Take, qtbot: QtBot
) -> None:
    heard(hearing, speaker, one, qtbot)
    hearing.go_to(3.0)
    assert hearing.sounding == one.id
    qtbot.waitUntil(lambda: speaker.sound(0.1) is not None and hearing.position_s > 3.0)
    hearing.stop()
    hearing.go_to(0.5)
    assert (hearing.sounding, hearing.position_s) == ("", 0.5)


def test_the_second_time_nothing_is_rendered(
    hearing: Hearing, speaker: Any, one: Take, qtbot: QtBot
) -> None:
    heard(hearing, speaker, one, qtbot)
    hearing.stop()
    hearing.hear(replace(one, name="called otherwise", accepted=True))
    assert (hearing.preparing, hearing.sounding) == ("", one.id)


def test_what_is_heard_follows_an_edit_but_not_a_new_name(
    hearing: Hearing, speaker: Any, one: Take, other: Take, qtbot: QtBot
) -> None:
    heard(hearing, speaker, one, qtbot)
    hearing.update(replace(one, name="renamed"))
    assert hearing.preparing == ""
    hearing.update(replace(one, tracks=other.tracks))
    assert hearing.preparing == one.id
    hearing.stop()
    hearing.update(other)
    assert hearing.preparing == ""  # nothing sounded, so nothing begins


def test_at_its_end_a_take_is_heard_from_its_beginning_again(
    hearing: Hearing, speaker: Any, qtbot: QtBot, one: Take
) -> None:
    short = replace(one, tracks=(one.tracks[0], one.tracks[1][:1], one.tracks[2]))
    heard(hearing, speaker, short, qtbot)

    def ended() -> bool:
        speaker.sound(0.5)
        return hearing.sounding == ""

    qtbot.waitUntil(ended)
    assert hearing.position_s == 0.0


def test_without_sound_it_says_why_and_saves_a_wav_all_the_same(
    workspace: Workspace, qtbot: QtBot, one: Take, tmp_path: Path
) -> None:
    def none() -> Output:
        raise SoundError("This computer has no sound output that can be used.")

    hearing = Hearing(
        workspace.background,
        player := Player(workspace.background, workspace, find=none),
        workspace,
    )
    with qtbot.waitSignal(player.changed):
        pass
    assert hearing.reason == "This computer has no sound output that can be used."
    hearing.hear(one)
    assert hearing.preparing == ""

    hearing.save(one, tmp_path / "one.wav")
    with qtbot.waitSignal(hearing.said) as said:
        pass
    assert said.args == [f"Written to {tmp_path / 'one.wav'}"]
    audio = read_audio(tmp_path / "one.wav")
    assert (audio.rate_hz, audio.samples.shape[1]) == (RATE_HZ, 2)
    assert audio.duration_s == pytest.approx(sound_of(one).duration_s)


def test_a_wav_that_cannot_be_written_is_told(
    hearing: Hearing, qtbot: QtBot, one: Take, tmp_path: Path
) -> None:
    with qtbot.waitSignal(hearing.failed) as told:
        hearing.save(one, tmp_path / "no" / "one.wav")
    assert told.args is not None
    assert "one.wav: No such file" in told.args[0]


def _same(found: Samples, expected: Samples) -> bool:
    return found.any() and bool(np.allclose(found, expected, atol=1e-6))
