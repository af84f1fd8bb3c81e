"""The queue: two lanes, an order that survives, and jobs that run elsewhere. Real workers."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from seqstudio.gui.jobs.queue import JobQueue
from seqstudio.host.studio import JobSpec, Studio

SOON = 20_000


@pytest.fixture
def spec_of(tmp_path: Path) -> Callable[..., JobSpec]:
    """Make a job of a stranger's plugin that says a text again."""

    def make(name: str, text: str = "", **changes: Any) -> JobSpec:
        path = tmp_path / f"{name}.txt"
        path.write_text(text or name)
        return JobSpec(plugin="parrot", name="echo", inputs={"words": (path,)}, **changes)

    return make


@pytest.fixture
def queue(stranger: Studio, qtbot: QtBot) -> Iterator[JobQueue]:
    queue = JobQueue(stranger)
    yield queue
    queue.close()
    queue.deleteLater()


def states(queue: JobQueue) -> dict[str, str]:
    return {card.title: card.state for card in queue.jobs()}


def test_one_job_runs_at_a_time_and_the_next_follows_in_order(
    queue: JobQueue, qtbot: QtBot, spec_of: Callable[..., JobSpec]
) -> None:
    ended: list[int] = []
    queue.happened.connect(
        lambda job, event: ended.append(job) if type(event).__name__ == "JobFinished" else None
    )
    a, b, c = (queue.add(spec_of(name)) for name in "abc")
    assert (queue.running, queue.waiting) == ((a,), (b, c))
    queue.earlier(c)
    assert queue.waiting == (c, b)
    queue.later(c)
    queue.earlier(b)
    queue.earlier(c)
    qtbot.waitUntil(lambda: len(ended) == 3, timeout=SOON)
    assert ended == [a, c, b]
    assert states(queue) == {"Echo a": "done", "Echo b": "done", "Echo c": "done"}
    queue.dismiss(a)
    assert "Echo a" not in states(queue)


def test_what_waits_is_cancelled_and_what_runs_is_paused_resumed_and_cancelled(
    queue: JobQueue, qtbot: QtBot, spec_of: Callable[..., JobSpec]
) -> None:
    a, b = queue.add(spec_of("a", "slow")), queue.add(spec_of("b"))
    queue.cancel(b)
    assert states(queue)["Echo b"] == "cancelled"
    card = queue.jobs()[0]
    qtbot.waitUntil(lambda: queue.jobs()[0].text == "slow...", timeout=SOON)
    queue.pause(a)
    assert queue.jobs()[0].words.startswith("Pausing")
    qtbot.waitUntil(lambda: queue.jobs()[0].state == "paused", timeout=SOON)
    queue.resume(a)
    qtbot.waitUntil(lambda: queue.jobs()[0].state == "running", timeout=SOON)
    queue.cancel(a)
    qtbot.waitUntil(lambda: states(queue)["Echo a"] == "cancelled", timeout=SOON)
    assert card.title == "Echo a"
    qtbot.waitUntil(lambda: queue.running == (), timeout=SOON)


def test_a_failed_job_is_retried_and_says_why_it_failed(
    queue: JobQueue, qtbot: QtBot, spec_of: Callable[..., JobSpec], tmp_path: Path
) -> None:
    job = queue.add(spec_of("a", "bad"))
    qtbot.waitUntil(lambda: queue.jobs()[0].state == "failed", timeout=SOON)
    assert "1 failed" in queue.jobs()[0].words
    (item,) = queue.items(job)
    assert item.text == "parrot echo: ValueError: cannot be said"
    (tmp_path / "a.txt").write_text("good")
    queue.retry(job)
    qtbot.waitUntil(lambda: queue.jobs()[0].state == "done", timeout=SOON)
    assert queue.items(job)[0].outputs[0].read_text() == "goodgood"


def test_after_a_restart_what_waited_waits_in_its_order_until_it_is_let_go(
    stranger: Studio, qtbot: QtBot, spec_of: Callable[..., JobSpec]
) -> None:
    first = JobQueue(stranger)
    a, b, c = first.add(spec_of("a", "slow")), first.add(spec_of("b")), first.add(spec_of("c"))
    first.earlier(c)
    qtbot.waitUntil(lambda: first.jobs()[0].text != "", timeout=SOON)
    first.close()
    again = JobQueue(Studio(stranger.profile.home))
    assert [(card.id, card.words) for card in again.jobs()] == [
        (c, "Waiting, on hold"),
        (b, "Waiting, on hold"),
        (a, "Interrupted"),
    ]
    assert again.running == ()
    again.go_on()
    qtbot.waitUntil(lambda: states(again) == {**dict.fromkeys(("Echo b", "Echo c"), "done"),
                                              "Echo a": "interrupted"}, timeout=SOON)  # fmt: skip
    again.resume(a)
    qtbot.waitUntil(lambda: a in again.running, timeout=SOON)
    again.close()
    for one in (first, again):
        one.deleteLater()


def test_a_training_runs_beside_another_job_and_is_niced(
    queue: JobQueue, spec_of: Callable[..., JobSpec], tmp_path: Path
) -> None:
    other = queue.add(spec_of("a", "slow"))
    arguments = {"data": str(tmp_path), "run": str(tmp_path / "run"), "preset": "small"}
    trainings = [
        queue.add(JobSpec(plugin="speech", verb="train", name="speech.ctc", arguments=arguments))
        for _ in range(2)
    ]
    assert queue.running == (other, trainings[0])
    assert queue.waiting == (trainings[1],)
    card = next(card for card in queue.jobs() if card.id == trainings[1])
    assert card.title.startswith("Train speech.ctc on ")
    assert '"nice": 10' in queue._studio.jobs.get(trainings[1]).spec


@pytest.mark.medium
def test_a_job_that_runs_elsewhere_is_shown_and_can_be_stopped(
    queue: JobQueue, stranger: Studio, qtbot: QtBot, spec_of: Callable[..., JobSpec]
) -> None:
    handle = Studio(stranger.profile.home).submit(spec_of("a", "slow"))
    qtbot.waitUntil(lambda: states(queue) == {"Echo a": "running"}, timeout=SOON)
    (card,) = queue.jobs()
    assert card.words == "Running in another window or terminal"
    queue.cancel(handle.id)
    qtbot.waitUntil(lambda: states(queue) == {"Echo a": "cancelled"}, timeout=SOON)
