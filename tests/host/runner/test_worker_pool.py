"""The worker pool: which jobs reuse an idle worker, and which do not."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seqstudio.host.catalogue import catalogue
from seqstudio.host.confinement.policy import Policy
from seqstudio.host.jobs.events import ItemDone
from seqstudio.host.runner.worker_pool import WorkerPool
from seqstudio.host.runner.worker_process import ProcessWorker
from seqstudio.host.studio import JobSpec, Studio
from seqstudio.host.worker.models import ModelCache

ECHO_CODE = """
import os


def echo(request, job):
    (path,) = request.inputs["words"]
    word = path.read_text()
    print("at", word)
    if word == "die":
        os._exit(9)
    yield Result(outputs={"text": f"{os.getpid()} VERSION"})


RUN = {"echo": echo}
"""


@pytest.fixture
def studio(home: Path, site: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    monkeypatch.setattr(catalogue, "BUILT_IN", ("plugin-one", "plugin-two"))
    studio = Studio(home, warm=True)
    site.batch("one", ECHO_CODE, ("echo",))
    yield studio
    studio.close()


@pytest.fixture
def run_echo(studio: Studio, words: Callable[..., Path]) -> Callable[..., str]:
    """Run the operation on a file with this word; return its output, the process id and version."""

    def run(word: str, plugin: str = "one") -> str:
        inputs = {"words": (words(f"{word}.txt") / f"{word}.txt",)}
        events = studio.submit(JobSpec(plugin=plugin, name="echo", inputs=inputs)).events()
        done = [event for event in events if isinstance(event, ItemDone)]
        return done[0].outputs[0].read_text() if done else ""

    return run


@pytest.mark.medium
def test_the_next_job_of_a_plugin_reuses_the_idle_worker(
    run_echo: Callable[..., str], home: Path
) -> None:
    assert run_echo("first") == run_echo("second")

    logs = [path.read_text() for path in sorted(home.glob("jobs/*/worker.log"))]
    assert logs == ["at first\n", "at second\n"]  # each job has its own


@pytest.mark.medium
def test_another_plugin_does_not_reuse_it(run_echo: Callable[..., str], site: Any) -> None:
    site.batch("two", ECHO_CODE, ("echo",))

    assert run_echo("first") != run_echo("second", "two")


@pytest.mark.medium
def test_changed_code_is_loaded_by_a_new_worker(run_echo: Callable[..., str], site: Any) -> None:
    first = run_echo("first")
    package = site.batch("one", ECHO_CODE.replace("VERSION", "2"), ("echo",))
    os.utime(package / "__init__.py", (time.time() + 5, time.time() + 5))

    assert run_echo("second") == run_echo("third") != first
    assert run_echo("fourth").endswith(" 2")


@pytest.mark.medium
def test_a_worker_that_died_is_not_kept(run_echo: Callable[..., str]) -> None:
    first = run_echo("first")

    assert run_echo("die") == ""
    assert run_echo("second") not in ("", first)


@pytest.mark.medium
def test_an_idle_worker_that_was_killed_is_replaced(run_echo: Callable[..., str]) -> None:
    first = run_echo("first")
    os.kill(int(first.split()[0]), 9)

    assert run_echo("second") not in ("", first)


@pytest.mark.medium
def test_the_worker_of_a_strangers_plugin_is_not_reused_for_other_files(
    run_echo: Callable[..., str], site: Any
) -> None:
    site.batch("stranger", ECHO_CODE, ("echo",))

    assert run_echo("first", "stranger") != run_echo("second", "stranger")


def test_an_unused_worker_is_ended(tmp_path: Path) -> None:
    pool = WorkerPool(idle_s=0.01)
    worker = ProcessWorker([], tmp_path / "log", Policy(), nice=0, threads=1)
    pool.release("key", worker)
    deadline = time.monotonic() + 10
    while worker.is_alive() and time.monotonic() < deadline:
        time.sleep(0.01)

    assert not worker.is_alive()
    assert pool.acquire("key") is None


def test_the_pool_keeps_two_workers(tmp_path: Path) -> None:
    pool = WorkerPool()
    workers = [ProcessWorker([], tmp_path / "log", Policy(), nice=0, threads=1) for _ in range(3)]
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

    def get(number: int) -> object:
        return cache.get(number, lambda: load(number))

    first = get(0)
    assert get(0) is first
    for number in (1, 2, 3, 0, 4, 0, 1):
        get(number)

    assert loaded == [0, 1, 2, 3, 4, 1]
