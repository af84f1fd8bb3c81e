"""Waiting jobs: queued, ordered, cancelled, and started once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from seqstudio.errors import ConfigError, JobError
from seqstudio.host.studio import JobSpec, Studio


def spec_of(path: Path, **changes: object) -> JobSpec:
    return JobSpec(plugin="tiny", name="shout", inputs={"words": (path,)}, **changes)  # type: ignore[arg-type]


@pytest.fixture
def waiting(shouter: Studio, words: Callable[..., Path]) -> list[int]:
    """Three queued jobs that no process has started."""
    folder = words("a.txt", "b.txt", "c.txt")
    return [shouter.enqueue(spec_of(folder / name)) for name in ("a.txt", "b.txt", "c.txt")]


def order(studio: Studio) -> list[int]:
    return [row.id for row in studio.jobs.queue()]


def test_a_waiting_job_is_checked_and_stored_and_another_front_end_can_start_it(
    shouter: Studio, waiting: list[int], home: Path
) -> None:
    assert [(row.state, row.waiting) for row in shouter.jobs.queue()] == [("queued", True)] * 3
    with pytest.raises(ConfigError, match=r"^times=10, expected at most 9$"):
        shouter.enqueue(spec_of(home.parent / "in/a.txt", options={"times": 10}))
    later = Studio(home)
    assert order(later) == waiting
    assert later.start(waiting[1]).wait().state == "done"
    assert order(shouter) == [waiting[0], waiting[2]]


def test_a_waiting_job_is_moved_before_another_or_to_the_end(
    shouter: Studio, waiting: list[int]
) -> None:
    a, b, c = waiting
    shouter.jobs.move(c, a)
    assert order(shouter) == [c, a, b]
    shouter.jobs.move(c, None)
    shouter.jobs.move(a, a)
    assert order(shouter) == [a, b, c]
    with pytest.raises(JobError, match=r"^job 99 does not wait, expected one that does$"):
        shouter.jobs.move(a, 99)


def test_a_job_can_be_started_only_once(shouter: Studio, waiting: list[int], home: Path) -> None:
    handle = shouter.start(waiting[0])
    with pytest.raises(JobError, match=rf"^job {waiting[0]} is \w+, expected one that waits$"):
        Studio(home).start(waiting[0])
    assert handle.wait().state == "done"


def test_a_waiting_job_is_cancelled_and_queued_again(shouter: Studio, waiting: list[int]) -> None:
    first = waiting[0]
    with pytest.raises(JobError, match=rf"^job {first} waits, expected one that runs$"):
        shouter.jobs.request(first, "pause")
    shouter.jobs.request(first, "cancel")
    assert shouter.jobs.get(first).state == "cancelled"
    assert shouter.jobs.get(first).counts == {"cancelled": 1}
    shouter.requeue(first, retry=False)
    assert order(shouter) == [*waiting[1:], first]
    assert shouter.start(first).wait().done == 1


def test_starting_a_job_whose_plugin_is_gone_fails_it_with_the_reason(
    shouter: Studio, waiting: list[int], tmp_path: Path
) -> None:
    for installed in (tmp_path / "site").glob("*.dist-info"):
        installed.rename(tmp_path / installed.name)
    with pytest.raises(JobError, match=r"^no plugin 'tiny'"):
        shouter.start(waiting[0])
    row = shouter.jobs.get(waiting[0])
    assert (row.state, row.reason[:16]) == ("failed", "no plugin 'tiny'")
    assert order(shouter) == waiting[1:]


@pytest.mark.medium
def test_ended_jobs_are_listed_newest_first_until_they_are_dismissed_or_queued_again(
    shouter: Studio, waiting: list[int], home: Path
) -> None:
    a, b, c = waiting
    assert shouter.start(a).wait().state == "done"
    shouter.jobs.request(b, "cancel")
    shouter.jobs.fail(c, "no reason")
    shouter.jobs.dismiss([])
    assert [row.id for row in shouter.jobs.ended(9)] == [c, b, a]
    assert [row.id for row in shouter.jobs.ended(2)] == [c, b]
    shouter.requeue(c, retry=True)
    shouter.jobs.dismiss([b, c])
    later = Studio(home)
    assert [row.id for row in later.jobs.ended(9)] == [a]
    assert later.jobs.active() == ()
    assert later.start(c).wait().state == "done"
    later.requeue(b, retry=False)
    assert later.start(b).wait().state == "done"
    assert [row.id for row in shouter.jobs.ended(9)] == [c, b, a]
    assert {row.id for row in shouter.jobs.list()} == {a, b, c}


def test_the_first_item_in_a_state_is_found(shouter: Studio, words: Callable[..., Path]) -> None:
    folder = words("a.txt", "b.txt")
    job = shouter.enqueue(spec_of(folder))
    found = shouter.jobs.first_item(job, "queued")
    assert found
    assert Path(found.name).name == "a.txt"
    assert shouter.jobs.first_item(job, "done") is None
