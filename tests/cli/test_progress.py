"""The progress of a batch, by a clock that the test turns."""

from pathlib import Path

import pytest

from seqstudio.cli.progress import BatchProgress
from seqstudio.host.jobs.events import ItemDone, ItemFailed, ItemProgress, ItemStarted


class Clock:
    """Seconds that a test sets."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def done(item: int, seconds: float, *, skipped: bool = False) -> ItemDone:
    return ItemDone(
        item=item,
        name=f"{item}.wav",
        outputs=(Path(f"{item}.txt"),),
        details={"duration_s": seconds},
        skipped=skipped,
    )


def test_time_left_and_speed_follow_the_bytes_and_the_sound_that_are_done() -> None:
    clock = Clock()
    progress = BatchProgress({1: 100, 2: 300, 3: 400}, clock)
    progress.on_event(ItemStarted(item=1, name="1.wav"))
    clock.now_s += 10
    progress.on_event(done(1, 120.0))
    progress.on_event(ItemStarted(item=2, name="2.wav"))
    progress.on_event(ItemProgress(item=2, fraction=0.5))
    clock.now_s += 15

    assert progress.fraction == pytest.approx(250 / 800)
    assert progress.remaining_s() == pytest.approx(25 * 550 / 250)
    assert progress.speed() == "4.8 audio minutes a minute, real-time factor 0.21"
    assert progress.line() == (
        "1 of 3 files; 4.8 audio minutes a minute, real-time factor 0.21; about 55.0 s left"
    )
    assert progress.total().startswith("0.03 h of sound in 25.0 s: 4.8 audio minutes")


def test_what_was_done_before_counts_as_done_but_not_as_speed() -> None:
    clock = Clock()
    progress = BatchProgress({1: 100, 2: 100, 3: 100}, clock)
    progress.on_event(done(1, 3600.0, skipped=True))
    progress.on_event(ItemStarted(item=2, name="2.wav"))
    clock.now_s += 10
    progress.on_event(ItemFailed(item=2, name="2.wav", reason="no sound"))

    assert (progress.ended, progress.speed(), progress.total()) == (2, "", "")
    assert progress.remaining_s() == pytest.approx(10)


def test_a_batch_without_sound_says_only_how_many_are_done() -> None:
    assert BatchProgress({1: 0, 2: 0}).line() == "0 of 2 files"
