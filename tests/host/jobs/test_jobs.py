"""Jobs in the job database: items skipped, jobs continued, retried and reclaimed."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seqstudio.contracts.messages import ItemResult
from seqstudio.errors import JobError
from seqstudio.host.jobs.database import ItemRow
from seqstudio.host.jobs.events import ItemDone, ItemFailed, ItemProgress, JobFinished
from seqstudio.host.jobs.lease import Lease
from seqstudio.host.jobs.queue import Jobs, NewJob
from seqstudio.host.processes import owner_name
from seqstudio.host.studio import JobSpec, Studio

COUNT_CODE = """
import time


def count(request, job):
    (path,) = request.inputs["words"]
    with (job.folder.parent / "runs.txt").open("a") as log:
        log.write(path.stem + "\\n")
    if path.read_text() == "slow":
        for tenth in range(600):
            job.progress(tenth / 600)
            time.sleep(0.1)
    if path.read_text() == "bad":
        raise ValueError("bad word")
    yield Result(outputs={"text": path.stem * request.options["times"]})


RUN = {"count": count}
"""


@pytest.fixture
def studio(site: Any, home: Path) -> Studio:
    site.batch("tally", COUNT_CODE, ("count",))
    return Studio(home)


def spec_of(folder: Path, out: Path, **changes: Any) -> JobSpec:
    return JobSpec(plugin="tally", name="count", inputs={"words": (folder,)}, out=out, **changes)


def done(events: list[Any]) -> list[tuple[int, bool]]:
    return [(event.item, event.skipped) for event in events if isinstance(event, ItemDone)]


@pytest.mark.medium
def test_finished_items_are_skipped_until_their_output_input_or_options_change(
    studio: Studio, words: Callable[..., Path], tmp_path: Path
) -> None:
    spec = spec_of(words("a.txt", "b.txt", "c.txt"), tmp_path / "out")
    assert done(list(studio.submit(spec).events())) == [(1, False), (2, False), (3, False)]
    (tmp_path / "out/a.txt").unlink()
    (tmp_path / "in/b.txt").write_text("changed input")
    assert done(list(studio.submit(spec).events())) == [(1, False), (2, False), (3, True)]
    again = spec_of(tmp_path / "in", tmp_path / "out", options={"times": 2})
    assert done(list(studio.submit(again).events())) == [(1, False), (2, False), (3, False)]
    assert (tmp_path / "out/c.txt").read_text() == "cc"


@pytest.mark.medium
def test_the_same_command_continues_a_cancelled_batch(
    studio: Studio, words: Callable[..., Path], tmp_path: Path
) -> None:
    folder = words("a.txt", "b.txt", "c.txt")
    (folder / "b.txt").write_text("slow")
    first = studio.submit(spec_of(folder, tmp_path / "out"))
    for event in first.events():
        if isinstance(event, ItemProgress) and event.item == 2:
            first.cancel()
    assert studio.jobs.get(first.id).counts == {"done": 1, "cancelled": 2}
    (folder / "b.txt").write_text("b")
    words("d.txt")
    second = studio.submit(spec_of(folder, tmp_path / "out"))
    assert second.id == first.id
    assert done(list(second.events())) == [(2, False), (3, False), (4, False)]
    assert runs_in(tmp_path) == ["a", "b", "b", "c", "d"]


@pytest.mark.medium
def test_an_interrupted_job_can_be_resumed(
    studio: Studio, words: Callable[..., Path], tmp_path: Path
) -> None:
    folder = words("a.txt", "b.txt")
    (folder / "b.txt").write_text("slow")
    handle = studio.submit(spec_of(folder, tmp_path / "out"))
    next(event for event in handle.events() if isinstance(event, ItemProgress) and event.item == 2)
    assert not handle.ends_within(0.0)
    handle.interrupt()
    assert handle.ends_within(10.0)
    assert studio.jobs.get(handle.id).state == "interrupted"
    assert studio.jobs.get(handle.id).counts == {"done": 1, "interrupted": 1}
    (folder / "b.txt").write_text("b")
    assert done(list(studio.resume(handle.id).events())) == [(2, False)]


@pytest.mark.medium
def test_a_retry_runs_only_the_failed_items(
    studio: Studio, words: Callable[..., Path], tmp_path: Path
) -> None:
    folder = words("a.txt", "b.txt")
    (folder / "b.txt").write_text("bad")
    first = studio.submit(spec_of(folder, tmp_path / "out"))
    (failed,) = [event for event in first.events() if isinstance(event, ItemFailed)]
    assert failed.reason == "tally count: ValueError: bad word"
    (folder / "b.txt").write_text("b")
    assert done(list(studio.retry(first.id).events())) == [(2, False)]
    assert studio.jobs.get(first.id).counts == {"done": 2}


@pytest.mark.medium
def test_another_process_can_pause_and_cancel_a_job(
    studio: Studio, words: Callable[..., Path], tmp_path: Path
) -> None:
    folder = words("a.txt")
    (folder / "a.txt").write_text("slow")
    handle = studio.submit(spec_of(folder, tmp_path / "out"))
    other = Jobs(studio.profile.database)
    other.request(handle.id, "pause")
    wait_until(lambda: other.get(handle.id).state == "paused")
    handle.poll()
    time.sleep(0.3)
    handle.poll()  # events that were under way
    time.sleep(0.5)
    assert handle.poll() == []
    other.request(handle.id, "cancel")
    assert handle.wait().state == "cancelled"


def test_a_command_that_runs_already_is_refused_with_the_process_id(
    studio: Studio, words: Callable[..., Path], tmp_path: Path
) -> None:
    folder = words("a.txt")
    (folder / "a.txt").write_text("slow")
    handle = studio.submit(spec_of(folder, tmp_path / "out"))
    with pytest.raises(JobError, match=rf"job {handle.id} runs in process {os.getpid()}; wait"):
        studio.submit(spec_of(folder, tmp_path / "out"))
    handle.cancel()
    handle.wait()


def test_a_late_attempt_is_refused_and_moves_nothing(tmp_path: Path) -> None:
    database = tmp_path / "jobs.sqlite"
    jobs, owner = Jobs(database), owner_name(os.getpid())
    number = add_job(jobs, owner)
    late = Lease(database, number, owner)
    (item,) = late.claim()
    with jobs.database.transaction() as connection:  # as if the laptop slept for too long
        connection.execute("UPDATE job SET heartbeat = -1000")
    jobs.requeue(number, owner, retry=False)
    (again,) = Lease(database, number, owner).claim()
    staged, target = tmp_path / "staged", tmp_path / "target"
    staged.write_text("late")
    with pytest.raises(JobError, match=r"^a: attempt 1 came too late, another process has it$"):
        late.finish_item(
            item, ItemResult(item=1), fingerprint="x", finished=(), staged={target: staged}
        )
    assert again.attempt > item.attempt
    assert not target.exists()


def test_a_job_of_a_dead_process_is_interrupted_at_once(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path / "jobs.sqlite")
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    number = add_job(jobs, owner_name(child.pid))
    assert jobs.get(number).state == "queued"
    child.communicate()
    assert jobs.get(number).state == "interrupted"
    assert jobs.get(number).counts == {"interrupted": 1}


@pytest.mark.parametrize(
    ("version", "hint"), [(9, "update SeqStudio"), (3, "an early SeqStudio wrote it")]
)
def test_a_database_of_another_version_is_refused_and_left_alone(
    tmp_path: Path, version: int, hint: str
) -> None:
    path = tmp_path / "jobs.sqlite"
    with sqlite3.connect(path) as other:
        other.execute(f"PRAGMA user_version = {version}")
    other.close()
    with pytest.raises(JobError, match=rf"jobs\.sqlite: version {version}, expected 5: {hint}$"):
        Jobs(path).list()
    again = sqlite3.connect(path)
    assert again.execute("SELECT name FROM sqlite_master").fetchall() == []
    again.close()


def test_an_unknown_job_is_named(tmp_path: Path) -> None:
    with pytest.raises(JobError, match=r"^no job 7; `seqstudio jobs list` shows those there are$"):
        Jobs(tmp_path / "jobs.sqlite").get(7)


FRONT_END = """
import sys
from pathlib import Path
from seqstudio.host.studio import JobSpec, Studio

home, folder, out = map(Path, sys.argv[1:])
spec = JobSpec(plugin="tally", name="count", inputs={"words": (folder,)}, out=out, workers=2)
handle = Studio(home).submit(spec)
for event in handle.events():
    print(event, flush=True)
"""


@pytest.mark.medium
def test_a_killed_front_end_loses_no_item_and_repeats_none_that_is_finished(
    site: Any, studio: Studio, words: Callable[..., Path], tmp_path: Path
) -> None:
    folder = words(*(f"{number:03}.txt" for number in range(40)))
    environment = {**os.environ, "PYTHONPATH": str(site.folder)}
    command = [sys.executable, "-c", FRONT_END, str(studio.profile.home), str(folder)]
    runs_when_finished: dict[str, int] = {}
    for round_number in range(1, 6):
        with subprocess.Popen(
            [*command, str(tmp_path / "out")], env=environment, stdout=subprocess.PIPE, text=True
        ) as front_end:
            assert front_end.stdout is not None
            for line, _ in zip(front_end.stdout, range(8 * round_number), strict=False):
                if line.startswith("ItemDone"):
                    stem = Path(line.partition("name='")[2].partition("'")[0]).stem
                    runs_when_finished[stem] = runs_in(tmp_path).count(stem)
            front_end.send_signal(signal.SIGKILL)
    events = list(studio.submit(spec_of(folder, tmp_path / "out")).events())
    assert events[-1] == JobFinished(state="done", done=40)
    assert len(list((tmp_path / "out").iterdir())) == 40, "no leftovers, no losses"
    runs = runs_in(tmp_path)
    assert len(runs) <= 40 + 5 * 2, "at most the two running items ran again after each kill"
    assert len(runs_when_finished) >= 10
    assert {stem: runs.count(stem) for stem in runs_when_finished} == runs_when_finished


def runs_in(folder: Path) -> list[str]:
    """Return the items that were run in all jobs, the first job first."""
    logs = sorted(folder.rglob("runs.txt"), key=lambda path: int(path.parent.name))
    return [stem for log in logs for stem in log.read_text().split()]


def add_job(jobs: Jobs, owner: str) -> int:
    job = NewJob(
        identity="x", plugin="p", verb="operation", name="n", spec="{}", seed=0, owner=owner
    )
    item = ItemRow(number=1, batch=1, name="a", take=0, seed=0, inputs={}, targets={})
    return jobs.add(job, lambda number: [item])


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "not true within 10 s"
        time.sleep(0.05)


OPEN_AT_ONCE = """
import multiprocessing
import sys
import time
from pathlib import Path

from seqstudio.host.jobs.database import JobDatabase


def open_database(path, at, results):
    while time.time() < at:
        pass
    try:
        results.put(str(JobDatabase(path).read("SELECT * FROM job")))
    except Exception as error:
        results.put(str(error))


context = multiprocessing.get_context("fork")
for turn in range(int(sys.argv[2])):
    results, at = context.Queue(), time.time() + 0.05
    database = Path(sys.argv[1]) / str(turn) / "jobs.sqlite"
    ones = [
        context.Process(target=open_database, args=(database, at + 0.004 * late, results))
        for late in range(3)
    ]
    for one in ones:
        one.start()
    print(*(results.get() for one in ones))
    for one in ones:
        one.join()
"""


@pytest.mark.medium
def test_three_processes_can_create_the_database_at_once(tmp_path: Path) -> None:
    rounds = 200  # the race failed in one of a hundred

    found = subprocess.run(
        [sys.executable, "-c", OPEN_AT_ONCE, tmp_path, str(rounds)],
        capture_output=True,
        text=True,
        check=True,
    )

    assert set(found.stdout.splitlines()) == {"[] [] []"}
