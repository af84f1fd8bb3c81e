"""The real devices of miniaudio: its null device keeps time and captures silence."""

import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from seqstudio.gui.sound.clock import DeviceClock
from seqstudio.gui.sound.devices import (
    NO_OUTPUT,
    NULL,
    SERVERS,
    SoundError,
    SoundInput,
    SoundOutput,
    find_output,
)
from seqstudio.gui.sound.output import Playback
from seqstudio.gui.sound.played import played_blocks
from seqstudio.media.audio import Audio, Samples

RATE = 44100
PLAYHEAD_S = 0.03  # from what is heard, at most
FIND = """
from seqstudio.gui.sound.devices import SoundError, find_output
try:
    find_output()
except SoundError as error:
    print(error)
"""


def test_the_playhead_is_within_30_ms_of_the_device() -> None:
    """The null device plays in real time, from when it first asks for samples."""
    sound = Audio(np.zeros((2 * RATE, 1), np.float32), RATE)
    playback = Playback(find_output(NULL), lambda: played_blocks(lambda _: iter([sound]), 0.0), 0.0)
    while playback.position_s == 0.0:
        time.sleep(0.001)
    started_s, first_s = time.monotonic(), playback.position_s
    away = []
    for _ in range(20):
        time.sleep(0.02)
        away.append(playback.position_s - first_s - (time.monotonic() - started_s))
    playback.stop()
    playback.join()
    assert np.median(np.abs(away)) < PLAYHEAD_S  # one request may be late on a busy machine


def test_a_sound_ends_when_its_last_sample_was_heard() -> None:
    sound = Audio(np.zeros((RATE // 4, 2), np.float32), RATE)
    started_s = time.monotonic()
    playback = Playback(find_output(NULL), lambda: played_blocks(lambda _: iter([sound]), 0.0), 0.0)
    playback.join()

    assert playback.position_s == pytest.approx(0.25)
    assert time.monotonic() - started_s >= 0.2


def test_the_microphone_passes_on_blocks() -> None:
    arrived: list[Samples] = []
    enough = threading.Event()

    def receive(block: Samples) -> None:
        arrived.append(block)
        if len(arrived) == 3:
            enough.set()

    stream = SoundInput(NULL).open(16_000, receive)
    assert enough.wait(30)
    stream.close()
    assert all(block.shape[1] == 1 for block in arrived)


def test_without_a_device_the_reason_is_a_sentence_and_the_terminal_stays_clean() -> None:
    found = subprocess.run([sys.executable, "-c", FIND], capture_output=True, text=True, check=True)

    assert found.stdout.strip() in ("", NO_OUTPUT)
    assert found.stderr == ""


def test_a_server_that_is_not_there_is_an_error() -> None:
    if not SERVERS:
        pytest.skip("the servers of this system are not named")
    with pytest.raises(SoundError, match=r"^No sound device found\.$"):
        SoundOutput(("JACK",)).open(RATE, 1, lambda _out, _at: True, lambda: None)


def test_the_clock_follows_a_device_that_is_slow_and_one_that_stalls() -> None:
    clock = DeviceClock(1000)
    assert [clock.on_request(now, asked) for now, asked in ((5.0, 0), (5.0, 30), (5.0, 60))] == [
        pytest.approx(5.0 + asked / 1000) for asked in (0, 30, 60)
    ]
    heard = 0.0
    for number in range(3, 2003):  # a clock that loses one part in a hundred
        heard = clock.on_request(5.0 + 0.0303 * (number - 2), 30 * number)
    assert heard == pytest.approx(5.06 + 0.0303 * 2000, abs=0.03)
    late = clock.on_request(5.0 + 0.0303 * 2001 + 1.0, 30 * 2003)
    assert late == pytest.approx(heard + 1.03, abs=0.05)
