"""A MIDI file as a stream: its notes and a clock at its own pace, until its end or Ctrl-C."""

import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from seqstudio.cli.live_midi import CLOCK, START, instrument, known_of_file, paced_notes
from seqstudio.contracts.notes import Note
from seqstudio.errors import SeqStudioError
from seqstudio.media.midi import Score

TPB = 480


@pytest.fixture
def tune(tmp_path: Path) -> Path:
    """Return two bars of 3/4 at 100, a note a beat."""
    notes = [Note(TPB * n, 60 + n, TPB // 2, 70) for n in range(6)]
    score = Score.new(ticks_per_beat=TPB, tempo_bpm=100, meter=(3, 4)).with_new_track(notes)
    path = tmp_path / "tune.mid"
    score.write(path)
    return path


def test_a_file_has_24_clocks_a_beat_and_each_note_after_its_own(tune: Path) -> None:
    blocks = list(paced_notes(tune, 1000))
    whole = b"".join(blocks)

    assert blocks[0] == bytes([START])
    assert whole.count(bytes([CLOCK])) == 6 * 24 + 1
    for n in range(6):
        before = whole[: whole.index(bytes([0x90, 60 + n, 70]))]
        assert before.count(bytes([CLOCK])) == 24 * n + 1
        ended = whole[: whole.index(bytes([0x80, 60 + n, 0]))]
        assert ended.count(bytes([CLOCK])) == 24 * n + 13


def test_the_pace_is_that_of_the_file_or_faster(tune: Path) -> None:
    started = time.monotonic()
    assert list(paced_notes(tune, 10))

    assert 0.36 <= time.monotonic() - started < 2  # 3.6 s of music


def test_tempo_and_meter_of_a_file_stand_in_where_none_is_chosen(tune: Path) -> None:
    asked = {"tempo": 0.0, "meter": "", "bars": 2}

    assert known_of_file(tune, asked) == {"tempo": pytest.approx(100), "meter": "3/4", "bars": 2}
    assert known_of_file(tune, {"tempo": 90.0})["tempo"] == 90.0
    assert known_of_file(None, asked) == asked
    assert known_of_file(tune, {}) == {}


def test_a_port_that_is_missing_is_named_with_what_helps() -> None:
    with pytest.raises(SeqStudioError, match=r"no MIDI port 'none' .*seqstudio\[midi-ports\]"):
        next(instrument("none", 0.0))


@pytest.mark.medium
@pytest.mark.parametrize("stopped", [False, True])
def test_a_stream_ends_with_its_file_or_with_ctrl_c(
    environment: Mapping[str, str], tune: Path, tmp_path: Path, *, stopped: bool
) -> None:
    pace = 0.1 if stopped else 50
    command = ["echo", "listen", tune, "--pace", pace, "--out", tmp_path / "bytes.txt"]
    process = subprocess.Popen(
        [sys.executable, "-m", "seqstudio", *map(str, command)],
        env=environment,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    if stopped:
        time.sleep(5)
        process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    heard = (tmp_path / "bytes.txt").read_text()

    assert process.returncode == 0, errors
    assert ("what was heard so far is still worked on" in errors) == stopped
    assert heard
