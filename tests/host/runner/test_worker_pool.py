"""Workers that stay after their job: who is served by one, and who is not."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seqstudio.host.jobs.events import ItemDone
from seqstudio.host.runner.worker_pool import WorkerPool
from seqstudio.host.runner.worker_process import ProcessWorker
from seqstudio.host.studio import JobSpec, Studio
from seqstudio.host.worker.models import ModelCache

TELL = """
import os


def tell(request, job):
    (path,) = request.inputs["words"]
    word = path.read_text()
    print("at", word)
    if word == "die":
        os._exit(9)
    yield Result(outputs={"text": f"{os.getpid()} VERSION"})


RUN = {"tell": tell}
"""


@pytest.fixture
def studio(home: Path, site: Any) -> Iterator[Studio]:
    studio = Studio(home, warm=True)
    site.batch("one", TELL, ("tell",))
    yield studio
    studio.close()


@pytest.fixture
def tell(studio: Studio, words: Callable[..., Path]) -> Callable[..., str]:
    """Run the operation on a file with this word; give what it wrote."""

    def run(word: str, plugin: str = "one") -> str:
        inputs = {"words": (words(f"{word}.txt") / f"{word}.txt",)}
        events = studio.submit(JobSpec(plugin=plugin, name="tell", inputs=inputs)).events()
        done = [event for event in events if isinstance(event, ItemDone)]
        return done[0].outputs[0].read_text() if done else ""

    return run


def test_the_next_job_of_a_plugin_is_served_by_the_process_that_stayed(
    tell: Callable[..., str], home: Path
) -> None:
    assert tell("first") == tell("second")

    logs = [path.read_text() for path in sorted(home.glob("jobs/*/worker.log"))]
    assert logs == ["at first\n", "at second\n"]  # each job has its own


def test_another_plugin_never_meets_it(tell: Callable[..., str], site: Any) -> None:
    site.batch("two", TELL, ("tell",))

    assert tell("first") != tell("second", "two")


def test_code_that_changed_is_loaded_anew(tell: Callable[..., str], site: Any) -> None:
    first = tell("first")
    package = site.batch("one", TELL.replace("VERSION", "2"), ("tell",))
    os.utime(package / "__init__.py", (time.time() + 5, time.time() + 5))

    assert tell("second") == tell("third") != first
    assert tell("fourth").endswith(" 2")


def test_what_died_does_not_stay(tell: Callable[..., str]) -> None:
    first = tell("first")

    assert tell("die") == ""
    assert tell("second") not in ("", first)


def test_a_worker_that_is_killed_while_it_waits_is_replaced(tell: Callable[..., str]) -> None:
    first = tell("first")
    os.kill(int(first.split()[0]), 9)

    assert tell("second") not in ("", first)


def test_what_is_not_used_goes(tmp_path: Path) -> None:
    pool = WorkerPool(idle_s=0.01)
    worker = ProcessWorker([], tmp_path / "log", nice=0, threads=1)
    pool.release("key", worker)
    deadline = time.monotonic() + 10
    while worker.is_alive() and time.monotonic() < deadline:
        time.sleep(0.01)

    assert not worker.is_alive()
    assert pool.acquire("key") is None


def test_there_is_room_for_two(tmp_path: Path) -> None:
    pool = WorkerPool()
    workers = [ProcessWorker([], tmp_path / "log", nice=0, threads=1) for _ in range(3)]
    for number, worker in enumerate(workers):
        pool.release(number, worker)

    assert not workers[0].is_alive()
    pool.close()
    assert not any(worker.is_alive() for worker in workers)


def test_a_worker_keeps_the_four_models_that_it_used_last() -> None:
    loaded: list[int] = []
    cache = ModelCache()

    def load(number: int) -> Any:
        loaded.append(number)
        return object()

    def ask(number: int) -> object:
        return cache.get(number, lambda: load(number))

    first = ask(0)
    assert ask(0) is first
    for number in (1, 2, 3, 0, 4, 0, 1):
        ask(number)

    assert loaded == [0, 1, 2, 3, 4, 1]
