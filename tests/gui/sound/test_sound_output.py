"""The content and the timing of the device's buffers."""

import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from seqstudio.gui.sound.output import Fill, Playback, PlaybackBuffer, Volume
from seqstudio.gui.sound.played import PlayedBlock, played_blocks
from seqstudio.media.audio import Audio, Samples

RATE = 1000


def ramp(frames: int, first: int = 0) -> Samples:
    return np.arange(first, first + frames, dtype=np.float32)[:, None]


def played(samples: Samples, second: float = 0.0, speed: float = 1.0) -> PlayedBlock:
    return PlayedBlock(samples, RATE, second, speed)


def buffer(frames: int = 100) -> Samples:
    return np.full((frames, 1), np.nan, np.float32)


class MemoryOutput:
    """An output that collects buffers in memory; the tests move its clock."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.heard: list[Samples] = []
        self.fill: Fill | None = None
        self.on_end: Callable[[], None] | None = None
        self.opened = threading.Event()
        self.closed = False

    def open(
        self, rate_hz: int, channels: int, fill: Fill, on_end: Callable[[], None]
    ) -> "MemoryOutput":
        self.channels, self.fill, self.on_end = channels, fill, on_end
        self.opened.set()
        return self

    def close(self) -> None:
        self.closed = True

    def drain(self, frames: int = 100) -> Samples:
        """Ask for buffers, each heard 0.1 s after it was asked for, until the last."""
        assert self.fill is not None
        assert self.on_end is not None
        last = False
        while not last:
            out = np.zeros((frames, self.channels), np.float32)
            last = self.fill(out, self.now_s + 0.1)
            self.heard.append(out)
            self.now_s += frames / RATE
        self.on_end()
        return np.concatenate(self.heard)


def test_buffers_hold_the_blocks_in_order_whatever_their_lengths() -> None:
    playback_buffer = PlaybackBuffer(RATE, 0.0)
    for first, frames in [(0, 30), (30, 150), (180, 20)]:
        playback_buffer.put(played(ramp(frames, first)))
    playback_buffer.put(None)
    outs = [buffer(), buffer(), buffer()]

    assert [playback_buffer.fill(out, 0.0) for out in outs] == [False, False, True]
    assert np.array_equal(np.concatenate(outs[:2]), ramp(200))
    assert not outs[2].any()


def test_late_reading_gives_silence_and_loses_nothing() -> None:
    playback_buffer = PlaybackBuffer(RATE, 0.0)
    playback_buffer.put(played(ramp(60, 1)))
    late, later = buffer(), buffer()

    assert not playback_buffer.fill(late, 0.0)
    playback_buffer.put(played(ramp(100, 61)))
    playback_buffer.fill(later, 0.2)

    assert np.array_equal(late[:60], ramp(60, 1))
    assert not late[60:].any()
    assert np.array_equal(later, ramp(100, 61))


def test_the_position_is_what_is_heard_and_not_what_was_delivered() -> None:
    playback_buffer = PlaybackBuffer(RATE, 5.0)
    playback_buffer.put(played(ramp(200), 5.0))

    playback_buffer.fill(buffer(), heard_at_s=70.3)
    assert playback_buffer.position_s(70.0) == 5.0  # not heard yet
    assert playback_buffer.position_s(70.35) == pytest.approx(5.05)
    playback_buffer.fill(buffer(), heard_at_s=70.4)
    assert playback_buffer.position_s(70.38) == pytest.approx(5.08)
    assert playback_buffer.position_s(70.45) == pytest.approx(5.15)
    assert playback_buffer.position_s(71.0) == pytest.approx(5.2)  # of the last sample delivered


def test_the_position_never_decreases_after_a_silence() -> None:
    playback_buffer = PlaybackBuffer(RATE, 0.0)
    playback_buffer.put(played(ramp(100)))
    playback_buffer.fill(buffer(), heard_at_s=0.0)
    assert playback_buffer.position_s(0.3) == pytest.approx(0.1)
    playback_buffer.put(played(ramp(100), 0.1))
    playback_buffer.fill(buffer(), heard_at_s=0.35)

    assert playback_buffer.position_s(0.3) == pytest.approx(0.1)
    assert playback_buffer.position_s(0.4) == pytest.approx(0.15)


def test_the_position_follows_the_speed_and_goes_back_in_a_loop() -> None:
    playback_buffer = PlaybackBuffer(RATE, 1.0)
    playback_buffer.put(played(ramp(50), 1.0, 2.0))
    playback_buffer.put(played(ramp(50), 0.2, 2.0))
    playback_buffer.fill(buffer(), heard_at_s=0.0)

    positions = [playback_buffer.position_s(now_s) for now_s in (0.0, 0.025, 0.06)]
    assert positions == pytest.approx([1.0, 1.05, 0.22])


def test_the_volume_applies_to_what_is_played_already() -> None:
    volume = Volume(0.5)
    playback_buffer = PlaybackBuffer(RATE, 0.0, volume)
    playback_buffer.put(played(np.ones((200, 1), np.float32)))
    first, second = buffer(), buffer()
    playback_buffer.fill(first, 0.0)
    volume.level = 0.0
    playback_buffer.fill(second, 0.1)

    assert (first == 0.5).all()
    assert not second.any()


def test_a_loop_is_repeated_from_its_start_without_a_gap() -> None:
    def read(start_s: float) -> Iterator[Audio]:
        first = round(start_s * RATE)
        yield from (Audio(ramp(100, at), RATE) for at in range(first, 1000, 100))

    blocks = played_blocks(read, 0.25, loop=(0.2, 0.5))
    heard = np.concatenate([next(blocks).samples for _ in range(7)])
    assert np.array_equal(heard[:550, 0], [*range(250, 500), *range(200, 500)])
    over = played_blocks(read, 0.8, loop=(0.2, 0.5))
    assert sum(len(block.samples) for block in over) == 200  # after the loop: to the end


def test_a_sound_is_played_to_its_end_and_the_output_is_closed() -> None:
    output = MemoryOutput()
    blocks = [played(ramp(150, at), at / RATE) for at in range(0, 3000, 150)]
    playback = Playback(output, lambda: iter(blocks), 0.0)
    assert output.opened.wait(30)
    # The reader fills the queue on its thread; so there may be silence in between.
    heard = output.drain()
    playback.join()

    sound = heard[heard[:, 0] > 0]
    assert np.array_equal(sound, ramp(2999, 1))
    assert output.closed
    assert playback.position_s == pytest.approx(3.0, abs=0.2)


def test_more_than_two_channels_are_mixed_to_one() -> None:
    output = MemoryOutput()
    samples = np.stack([ramp(100)[:, 0], ramp(100)[:, 0] * 0, ramp(100)[:, 0] * 2], axis=1)
    read = lambda _start: iter([Audio(samples, RATE)])  # noqa: E731
    playback = Playback(output, lambda: played_blocks(read, 0.0), 0.0)
    assert output.opened.wait(30)
    heard = output.drain()
    playback.join()

    assert heard.shape[1] == 1
    assert heard.max() == 99


def test_stopping_ends_the_thread_even_if_the_device_asks_for_nothing() -> None:
    output = MemoryOutput()
    endless = iter(lambda: played(ramp(10)), None)
    playback = Playback(output, lambda: endless, 2.0)
    assert output.opened.wait(30)
    playback.stop()
    playback.join()

    assert output.closed
    assert not playback.reason
