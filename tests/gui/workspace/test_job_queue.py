"""The job queue with real workers: two lanes, an order that persists, and jobs run elsewhere."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from seqstudio.gui.workspace.job_list import BEFORE_LISTED
from seqstudio.gui.workspace.job_queue import JobQueue
from seqstudio.host.studio import JobSpec, Studio


@pytest.fixture
def spec_of(tmp_path: Path) -> Callable[..., JobSpec]:
    """Return a function that makes a job of a third-party plugin, which repeats a text."""

    def make(name: str, text: str = "", **changes: Any) -> JobSpec:
        path = tmp_path / f"{name}.txt"
        path.write_text(text or name)
        return JobSpec(plugin="parrot", name="echo", inputs={"words": (path,)}, **changes)

    return make


@pytest.fixture
def queue(parrot_studio: Studio, qtbot: QtBot) -> Iterator[JobQueue]:
    queue = JobQueue(parrot_studio)
    yield queue
    queue.close()
    queue.deleteLater()


def states(queue: JobQueue) -> dict[str, str]:
    return {job.title: job.state for job in queue.jobs()}


@pytest.mark.medium
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
    qtbot.waitUntil(lambda: len(ended) == 3)
    assert ended == [a, c, b]
    assert states(queue) == {"Echo a": "done", "Echo b": "done", "Echo c": "done"}
    queue.dismiss(a)
    assert "Echo a" not in states(queue)


@pytest.mark.medium
def test_a_waiting_job_is_cancelled_and_a_running_one_is_paused_resumed_and_cancelled(
    queue: JobQueue, qtbot: QtBot, spec_of: Callable[..., JobSpec]
) -> None:
    a, b = queue.add(spec_of("a", "slow")), queue.add(spec_of("b"))
    queue.cancel(b)
    assert states(queue)["Echo b"] == "cancelled"
    job = queue.jobs()[0]
    qtbot.waitUntil(lambda: queue.jobs()[0].text == "slow...")
    queue.pause(a)
    assert queue.jobs()[0].state_text.startswith(("Pausing", "Paused"))  # as quick as it is
    qtbot.waitUntil(lambda: queue.jobs()[0].state == "paused")
    queue.resume(a)
    qtbot.waitUntil(lambda: queue.jobs()[0].state == "running")
    queue.cancel(a)
    qtbot.waitUntil(lambda: states(queue)["Echo a"] == "cancelled")
    assert job.title == "Echo a"
    qtbot.waitUntil(lambda: queue.running == ())


@pytest.mark.medium
def test_a_failed_job_is_retried_and_says_why_it_failed(
    queue: JobQueue, qtbot: QtBot, spec_of: Callable[..., JobSpec], tmp_path: Path
) -> None:
    job = queue.add(spec_of("a", "bad"))
    qtbot.waitUntil(lambda: queue.jobs()[0].state == "failed")
    assert queue.jobs()[0].state_text == "Failed"
    (item,) = queue.items(job)
    assert item.text == "parrot echo: ValueError: cannot be said"
    (tmp_path / "a.txt").write_text("good")
    queue.retry(job)
    qtbot.waitUntil(lambda: queue.jobs()[0].state == "done")
    assert queue.items(job)[0].outputs[0].read_text() == "goodgood"


@pytest.mark.medium
def test_after_a_restart_waiting_jobs_keep_their_order_until_the_queue_is_started(
    parrot_studio: Studio, qtbot: QtBot, spec_of: Callable[..., JobSpec]
) -> None:
    first = JobQueue(parrot_studio)
    a, b, c = first.add(spec_of("a", "slow")), first.add(spec_of("b")), first.add(spec_of("c"))
    first.move_up(c)
    qtbot.waitUntil(lambda: first.jobs()[0].text != "")
    first.close()
    again = JobQueue(Studio(parrot_studio.profile.home))
    assert [(job.id, job.state_text) for job in again.jobs()] == [
        (c, "Waiting, queue paused"),
        (b, "Waiting, queue paused"),
        (a, "Interrupted"),
    ]
    assert again.running == ()
    again.start_queue()
    qtbot.waitUntil(lambda: states(again) == {**dict.fromkeys(("Echo b", "Echo c"), "done"),
                                              "Echo a": "interrupted"})  # fmt: skip
    again.resume(a)
    qtbot.waitUntil(lambda: a in again.running)
    again.close()
    for one in (first, again):
        one.deleteLater()


@pytest.mark.medium
def test_a_training_runs_niced_beside_another_job_and_frees_its_lane_when_paused(
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
    titles = [job.title for job in queue.jobs()]
    assert titles[1:] == [f"Train {run}: speech.ctc on {tmp_path.name}" for run in ("one", "two")]
    assert '"nice": 10' in queue._studio.jobs.get(trainings[1]).spec
    queue.pause(trainings[0])
    qtbot.waitUntil(lambda: queue.running == (other, *trainings))
    queue.resume(trainings[0])
    texts = [job.state_text for job in queue.jobs()]
    assert texts[1] == "Waiting to resume"


@pytest.mark.medium
def test_a_job_that_runs_elsewhere_is_shown_and_can_be_cancelled(
    queue: JobQueue, parrot_studio: Studio, qtbot: QtBot, spec_of: Callable[..., JobSpec]
) -> None:
    handle = Studio(parrot_studio.profile.home).submit(spec_of("a", "slow"))
    qtbot.waitUntil(lambda: states(queue) == {"Echo a": "running"})
    (job,) = queue.jobs()
    assert job.state_text == "Running in another window or terminal"
    queue.cancel(handle.id)
    qtbot.waitUntil(lambda: states(queue) == {"Echo a": "cancelled"})


def state_texts(queue: JobQueue) -> dict[str, str]:
    return {job.title: job.state_text.partition(",")[0] for job in queue.jobs()}


@pytest.mark.medium
def test_a_paused_job_frees_its_lane_and_waits_for_it_when_resumed(
    queue: JobQueue, qtbot: QtBot, spec_of: Callable[..., JobSpec]
) -> None:
    a, b, c = (
        queue.add(spec_of("a", "slow")),
        queue.add(spec_of("b", "slow")),
        queue.add(spec_of("c")),
    )
    qtbot.waitUntil(lambda: queue.jobs()[0].text == "slow...")
    queue.pause(a)
    qtbot.waitUntil(lambda: b in queue.running)
    assert state_texts(queue)["Echo a"] == "Paused"
    assert queue.waiting == (c,)
    queue.resume(a)
    (job,) = (job for job in queue.jobs() if job.id == a)
    assert job.state_text == "Waiting to resume"
    assert job.actions == {"pause", "cancel"}
    queue.pause(a)
    assert state_texts(queue)["Echo a"] == "Paused"
    queue.resume(a)
    queue.pause_queue()  # affects only jobs that have not begun
    queue.cancel(b)
    qtbot.waitUntil(lambda: state_texts(queue)["Echo a"] == "Running")
    assert queue.running == (a,)
    queue.cancel(a)
    qtbot.waitUntil(lambda: queue.running == ())
    assert queue.waiting == (c,)


@pytest.mark.medium
def test_a_job_paused_in_a_terminal_frees_its_lane_and_may_resume_beside_another(
    queue: JobQueue, qtbot: QtBot, spec_of: Callable[..., JobSpec], parrot_studio: Studio
) -> None:
    a, b = queue.add(spec_of("a", "slow")), queue.add(spec_of("b", "slow"))
    terminal = Studio(parrot_studio.profile.home).jobs
    qtbot.waitUntil(lambda: queue.jobs()[0].text == "slow...")
    terminal.request(a, "pause")
    qtbot.waitUntil(lambda: b in queue.running)
    queue.resume(a)
    assert state_texts(queue)["Echo a"] == "Waiting to resume"
    terminal.request(a, "resume")
    qtbot.waitUntil(lambda: state_texts(queue)["Echo a"] == "Running")
    for job in (a, b):
        queue.cancel(job)
    qtbot.waitUntil(lambda: queue.running == ())
    assert set(state_texts(queue).values()) == {"Stopped"}


@pytest.mark.medium
def test_jobs_that_ended_before_a_restart_are_listed_apart_with_their_outcomes(
    parrot_studio: Studio, qtbot: QtBot, spec_of: Callable[..., JobSpec]
) -> None:
    done, failed, dropped, cancelled = (
        parrot_studio.enqueue(spec_of(*names)) for names in (("a",), ("b", "bad"), ("c",), ("d",))
    )
    for job in (done, failed):
        parrot_studio.start(job).wait()
    parrot_studio.jobs.fail(dropped, "no plugin 'parrot'")
    parrot_studio.jobs.request(cancelled, "cancel")
    queue = JobQueue(Studio(parrot_studio.profile.home))
    jobs = queue.jobs()
    assert [job.id for job in jobs] == [cancelled, dropped, failed, done]
    assert all(job.from_before for job in jobs)
    assert [job.reason or job.text for job in jobs] == [
        "",
        "no plugin 'parrot'",
        "parrot echo: ValueError: cannot be said",
        "1 letters",
    ]
    assert jobs[2].actions == {"retry", "dismiss"}
    queue.pause_queue()
    parrot_studio.requeue(failed, retry=True)
    qtbot.waitUntil(lambda: queue.waiting == (failed,))
    queue.cancel(failed)
    assert queue.jobs()[0].text == ""  # it did not fail this time
    assert [(job.id, job.from_before) for job in queue.jobs()] == [
        (failed, False),
        (cancelled, True),
        (dropped, True),
        (done, True),
    ]
    queue.dismiss(failed, dropped)
    again = JobQueue(Studio(parrot_studio.profile.home))
    assert [job.id for job in again.jobs()] == [cancelled, done]
    for one in (queue, again):
        one.close()
        one.deleteLater()


def test_only_the_newest_jobs_from_before_are_listed(
    parrot_studio: Studio, qtbot: QtBot, spec_of: Callable[..., JobSpec]
) -> None:
    numbers = [parrot_studio.enqueue(spec_of("a")) for _ in range(BEFORE_LISTED + 2)]
    for number in numbers:
        parrot_studio.jobs.request(number, "cancel")
    queue = JobQueue(parrot_studio)
    assert [job.id for job in queue.jobs()] == numbers[:1:-1]
    queue.close()
    queue.deleteLater()


def test_a_job_of_another_version_is_listed_by_its_plugin_and_name(
    parrot_studio: Studio, qtbot: QtBot, spec_of: Callable[..., JobSpec]
) -> None:
    job = parrot_studio.enqueue(spec_of("a"))
    parrot_studio.jobs.request(job, "cancel")
    with parrot_studio.jobs.database.transaction() as connection:
        connection.execute("UPDATE job SET spec = '{\"later\": 1}'")
    queue = JobQueue(parrot_studio)
    assert [job.title for job in queue.jobs()] == ["parrot echo"]
    queue.close()
    queue.deleteLater()
