"""The queue: two lanes, an order that survives, and jobs that run elsewhere. Real workers."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from seqstudio.gui.workspace.job_list import BEFORE_LISTED
from seqstudio.gui.workspace.job_queue import JobQueue
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
    queue.job_event.connect(
        lambda job, event: ended.append(job) if type(event).__name__ == "JobFinished" else None
    )
    a, b, c = (queue.add(spec_of(name)) for name in "abc")
    assert (queue.running, queue.waiting) == ((a,), (b, c))
    queue.move_up(c)
    assert queue.waiting == (c, b)
    queue.move_down(c)
    queue.move_up(b)
    queue.move_up(c)
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
    assert queue.jobs()[0].state_text.startswith(("Pausing", "Paused"))  # as quick as it is
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
    assert queue.jobs()[0].state_text == "Failed"
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
    first.move_up(c)
    qtbot.waitUntil(lambda: first.jobs()[0].text != "", timeout=SOON)
    first.close()
    again = JobQueue(Studio(stranger.profile.home))
    assert [(card.id, card.state_text) for card in again.jobs()] == [
        (c, "Waiting, queue paused"),
        (b, "Waiting, queue paused"),
        (a, "Interrupted"),
    ]
    assert again.running == ()
    again.start_queue()
    qtbot.waitUntil(lambda: states(again) == {**dict.fromkeys(("Echo b", "Echo c"), "done"),
                                              "Echo a": "interrupted"}, timeout=SOON)  # fmt: skip
    again.resume(a)
    qtbot.waitUntil(lambda: a in again.running, timeout=SOON)
    again.close()
    for one in (first, again):
        one.deleteLater()


def test_a_training_runs_beside_another_job_niced_and_leaves_room_for_a_training_when_paused(
    queue: JobQueue, qtbot: QtBot, spec_of: Callable[..., JobSpec], tmp_path: Path
) -> None:
    other = queue.add(spec_of("a", "slow"))
    trainings = [
        queue.add(
            JobSpec(
                plugin="speech",
                verb="train",
                name="speech.ctc",
                arguments={"data": str(tmp_path), "run": str(tmp_path / run), "preset": "small"},
            )
        )
        for run in ("one", "two")
    ]
    assert queue.running == (other, trainings[0])
    assert queue.waiting == (trainings[1],)
    titles = [card.title for card in queue.jobs()]
    assert titles[1:] == [f"Train {run}: speech.ctc on {tmp_path.name}" for run in ("one", "two")]
    assert '"nice": 10' in queue._studio.jobs.get(trainings[1]).spec
    queue.pause(trainings[0])
    qtbot.waitUntil(lambda: queue.running == (other, *trainings), timeout=SOON)
    queue.resume(trainings[0])
    words = [card.state_text for card in queue.jobs()]
    assert words[1] == "Waiting to resume"


@pytest.mark.medium
def test_a_job_that_runs_elsewhere_is_shown_and_can_be_stopped(
    queue: JobQueue, stranger: Studio, qtbot: QtBot, spec_of: Callable[..., JobSpec]
) -> None:
    handle = Studio(stranger.profile.home).submit(spec_of("a", "slow"))
    qtbot.waitUntil(lambda: states(queue) == {"Echo a": "running"}, timeout=SOON)
    (card,) = queue.jobs()
    assert card.state_text == "Running in another window or terminal"
    queue.cancel(handle.id)
    qtbot.waitUntil(lambda: states(queue) == {"Echo a": "cancelled"}, timeout=SOON)


def words(queue: JobQueue) -> dict[str, str]:
    return {card.title: card.state_text.partition(",")[0] for card in queue.jobs()}


@pytest.mark.medium
def test_a_paused_job_leaves_its_lane_to_the_next_and_waits_for_it_again_when_resumed(
    queue: JobQueue, qtbot: QtBot, spec_of: Callable[..., JobSpec]
) -> None:
    a, b, c = (
        queue.add(spec_of("a", "slow")),
        queue.add(spec_of("b", "slow")),
        queue.add(spec_of("c")),
    )
    qtbot.waitUntil(lambda: queue.jobs()[0].text == "slow...", timeout=SOON)
    queue.pause(a)
    qtbot.waitUntil(lambda: b in queue.running, timeout=SOON)
    assert words(queue)["Echo a"] == "Paused"
    assert queue.waiting == (c,)
    queue.resume(a)
    (card,) = (card for card in queue.jobs() if card.id == a)
    assert card.state_text == "Waiting to resume"
    assert card.actions == {"pause", "cancel"}
    queue.pause(a)
    assert words(queue)["Echo a"] == "Paused"
    queue.resume(a)
    queue.pause_queue()  # means what has not begun
    queue.cancel(b)
    qtbot.waitUntil(lambda: words(queue)["Echo a"] == "Running", timeout=SOON)
    assert queue.running == (a,)
    queue.cancel(a)
    qtbot.waitUntil(lambda: queue.running == (), timeout=SOON)
    assert queue.waiting == (c,)


@pytest.mark.medium
def test_a_job_that_a_terminal_pauses_leaves_its_lane_and_may_come_back_beside_another(
    queue: JobQueue, qtbot: QtBot, spec_of: Callable[..., JobSpec], stranger: Studio
) -> None:
    a, b = queue.add(spec_of("a", "slow")), queue.add(spec_of("b", "slow"))
    terminal = Studio(stranger.profile.home).jobs
    qtbot.waitUntil(lambda: queue.jobs()[0].text == "slow...", timeout=SOON)
    terminal.request(a, "pause")
    qtbot.waitUntil(lambda: b in queue.running, timeout=SOON)
    queue.resume(a)
    assert words(queue)["Echo a"] == "Waiting to resume"
    terminal.request(a, "resume")
    qtbot.waitUntil(lambda: words(queue)["Echo a"] == "Running", timeout=SOON)
    for job in (a, b):
        queue.cancel(job)
    qtbot.waitUntil(lambda: queue.running == (), timeout=SOON)
    assert set(words(queue).values()) == {"Cancelled"}


@pytest.mark.medium
def test_what_had_ended_before_a_restart_is_listed_apart_with_what_came_of_it(
    stranger: Studio, qtbot: QtBot, spec_of: Callable[..., JobSpec]
) -> None:
    done, failed, dropped, cancelled = (
        stranger.enqueue(spec_of(*names)) for names in (("a",), ("b", "bad"), ("c",), ("d",))
    )
    for job in (done, failed):
        stranger.start(job).wait()
    stranger.jobs.fail(dropped, "no plugin 'parrot'")
    stranger.jobs.request(cancelled, "cancel")
    queue = JobQueue(Studio(stranger.profile.home))
    cards = queue.jobs()
    assert [card.id for card in cards] == [cancelled, dropped, failed, done]
    assert all(card.from_before for card in cards)
    assert [card.reason or card.text for card in cards] == [
        "",
        "no plugin 'parrot'",
        "parrot echo: ValueError: cannot be said",
        "1 letters",
    ]
    assert cards[2].actions == {"retry", "dismiss"}
    queue.pause_queue()
    stranger.requeue(failed, retry=True)
    qtbot.waitUntil(lambda: queue.waiting == (failed,), timeout=SOON)
    queue.cancel(failed)
    assert queue.jobs()[0].text == ""  # it did not fail this time
    assert [(card.id, card.from_before) for card in queue.jobs()] == [
        (failed, False),
        (cancelled, True),
        (dropped, True),
        (done, True),
    ]
    queue.dismiss(failed, dropped)
    again = JobQueue(Studio(stranger.profile.home))
    assert [card.id for card in again.jobs()] == [cancelled, done]
    for one in (queue, again):
        one.close()
        one.deleteLater()


def test_no_more_than_some_of_what_had_ended_before_is_listed(
    stranger: Studio, qtbot: QtBot, spec_of: Callable[..., JobSpec]
) -> None:
    numbers = [stranger.enqueue(spec_of("a")) for _ in range(BEFORE_LISTED + 2)]
    for number in numbers:
        stranger.jobs.request(number, "cancel")
    queue = JobQueue(stranger)
    assert [card.id for card in queue.jobs()] == numbers[:1:-1]
    queue.close()
    queue.deleteLater()


def test_a_job_that_another_seqstudio_wrote_is_listed_by_its_plugin_and_name(
    stranger: Studio, qtbot: QtBot, spec_of: Callable[..., JobSpec]
) -> None:
    job = stranger.enqueue(spec_of("a"))
    stranger.jobs.request(job, "cancel")
    with stranger.jobs.database.transaction() as connection:
        connection.execute("UPDATE job SET spec = '{\"later\": 1}'")
    queue = JobQueue(stranger)
    assert [card.title for card in queue.jobs()] == ["parrot echo"]
    queue.close()
    queue.deleteLater()
