"""What is heard when: real buffers, as a device's thread hands them over."""

import sys
import threading
from collections.abc import Callable

import numpy as np
import pytest

from seqstudio.gui.sound.output import Feeder, Fill, SoundError, Voice, find_output
from seqstudio.media.audio import Audio, Samples

RATE = 1000


def ramp(frames: int, first: int = 0) -> Samples:
    return np.arange(first, first + frames, dtype=np.float32)[:, None]


def buffer(frames: int = 100) -> Samples:
    return np.full((frames, 1), np.nan, np.float32)


class Loop:
    """An output that takes what it is handed into memory; its clock is moved by hand."""

    def __init__(self, takes_hz: int = RATE) -> None:
        self.takes_hz = takes_hz
        self.now_s = 0.0
        self.heard: list[Samples] = []
        self.fill: Fill | None = None
        self.over: Callable[[], None] | None = None
        self.opened = threading.Event()
        self.closed = False

    def rate_hz(self, wanted_hz: int, channels: int) -> int:
        return self.takes_hz

    def open(self, rate_hz: int, channels: int, fill: Fill, over: Callable[[], None]) -> "Loop":
        self.channels, self.fill, self.over = channels, fill, over
        self.opened.set()
        return self

    def close(self) -> None:
        self.closed = True

    def drain(self, frames: int = 100) -> Samples:
        """Ask for buffers, each heard 0.1 s after it was asked for, until the last."""
        assert self.fill is not None
        assert self.over is not None
        last = False
        while not last:
            out = np.zeros((frames, self.channels), np.float32)
            last = self.fill(out, self.now_s + 0.1)
            self.heard.append(out)
            self.now_s += frames / self.takes_hz
        self.over()
        return np.concatenate(self.heard)


def test_buffers_hold_the_blocks_in_order_whatever_their_lengths() -> None:
    feeder = Feeder(RATE, 0.0)
    for first, frames in [(0, 30), (30, 150), (180, 20)]:
        feeder.put(ramp(frames, first))
    feeder.put(None)
    outs = [buffer(), buffer(), buffer()]

    assert [feeder.fill(out, 0.0) for out in outs] == [False, False, True]
    assert np.array_equal(np.concatenate(outs[:2]), ramp(200))
    assert not outs[2].any()


def test_where_reading_is_late_there_is_silence_and_nothing_is_lost() -> None:
    feeder = Feeder(RATE, 0.0)
    feeder.put(ramp(60, 1))
    late, later = buffer(), buffer()

    assert not feeder.fill(late, 0.0)
    feeder.put(ramp(100, 61))
    feeder.fill(later, 0.2)

    assert np.array_equal(late[:60], ramp(60, 1))
    assert not late[60:].any()
    assert np.array_equal(later, ramp(100, 61))


def test_the_position_is_what_is_heard_and_not_what_was_handed_over() -> None:
    feeder = Feeder(RATE, 5.0)
    feeder.put(ramp(200))

    feeder.fill(buffer(), heard_at_s=70.3)
    assert feeder.position_s(70.0) == 5.0  # not heard yet
    assert feeder.position_s(70.35) == pytest.approx(5.05)
    feeder.fill(buffer(), heard_at_s=70.4)
    assert feeder.position_s(70.38) == pytest.approx(5.08)
    assert feeder.position_s(70.45) == pytest.approx(5.15)
    assert feeder.position_s(71.0) == pytest.approx(5.2)  # no more than there was to hear


def test_the_position_never_falls_after_a_silence() -> None:
    feeder = Feeder(RATE, 0.0)
    feeder.put(ramp(100))
    feeder.fill(buffer(), heard_at_s=0.0)
    assert feeder.position_s(0.3) == pytest.approx(0.1)
    feeder.put(ramp(100))
    feeder.fill(buffer(), heard_at_s=0.35)

    assert feeder.position_s(0.3) == pytest.approx(0.1)
    assert feeder.position_s(0.4) == pytest.approx(0.15)


def test_a_sound_is_read_ahead_played_whole_and_the_output_closed() -> None:
    output = Loop()
    blocks = [Audio(ramp(150, first), RATE) for first in range(0, 3000, 150)]
    voice = Voice(output, lambda: iter(blocks), 0.0)
    assert output.opened.wait(5)
    # The reader fills the queue on its thread; a silence in between would be no fault of its.
    heard = output.drain()
    voice.join()

    sound = heard[heard[:, 0] > 0]
    assert np.array_equal(sound, ramp(2999, 1))
    assert output.closed
    assert voice.position_s == pytest.approx(3.0, abs=0.2)


def test_a_sound_of_another_rate_is_brought_to_that_of_the_output() -> None:
    output = Loop(takes_hz=2000)
    voice = Voice(output, lambda: iter([Audio(np.ones((500, 1), np.float32), RATE)]), 0.0)
    assert output.opened.wait(5)
    heard = output.drain()
    voice.join()

    assert (np.abs(heard) > 0.5).sum() == pytest.approx(1000, abs=4)


def test_many_channels_are_heard_as_one() -> None:
    output = Loop()
    samples = np.stack([ramp(100)[:, 0], ramp(100)[:, 0] * 0, ramp(100)[:, 0] * 2], axis=1)
    voice = Voice(output, lambda: iter([Audio(samples, RATE)]), 0.0)
    assert output.opened.wait(5)
    heard = output.drain()
    voice.join()

    assert heard.shape[1] == 1
    assert heard.max() == 99


def test_stopping_ends_the_reading_though_nobody_takes_the_sound() -> None:
    output = Loop()
    endless = iter(lambda: Audio(ramp(10), RATE), None)
    voice = Voice(output, lambda: endless, 2.0)
    assert output.opened.wait(5)
    voice.stop()
    voice.join()

    assert output.closed
    assert not voice.reason


def test_without_the_package_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(SoundError, match=r"^To hear sound, install: pip install seqstudio\[sound"):
        find_output()
