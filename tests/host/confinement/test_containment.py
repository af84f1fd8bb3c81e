"""What a plugin leaves running, or lets grow, is ended with one clear line."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seqstudio.host.jobs.events import ItemDone, ItemFailed
from seqstudio.host.processes import machine_memory_bytes
from seqstudio.host.profile import Profile
from seqstudio.host.store.refusals import read_refusals
from seqstudio.host.studio import JobSpec, Studio

CODE = """
import os, threading, time
from pathlib import Path


def detached(job, work):
    \"\"\"Run something in a process that has left its session, and whose parent has ended.\"\"\"
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            (job.folder.parent / "pid").write_text(str(os.getpid()))
            work()
            time.sleep(600)
        os._exit(0)
    while not (job.folder.parent / "pid").exists():
        time.sleep(0.01)


def daemon(request, job):
    detached(job, lambda: None)
    yield Result(outputs={"text": "done"}, summary="done")


def memory(request, job):
    held = []
    detached(job, lambda: held.append(b"x" * (600 << 20)))
    while True:
        time.sleep(1)
    yield


def forks(request, job):
    for _ in range(300):
        if os.fork() == 0:
            time.sleep(600)
    while True:
        time.sleep(1)
    yield


def threads(request, job):
    for _ in range(2000):
        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
    time.sleep(600)
    yield


def chatter(request, job):
    while True:
        os.write(1, b"x" * 100_000)
    yield


def pipe(request, job):
    os.mkfifo(job.folder / "pipe")
    yield Result(outputs={"text": job.folder / "pipe"})


RUN = {one.__name__: one for one in (daemon, memory, forks, threads, chatter, pipe)}
"""
PERMISSION = '[permissions]\nprocesses = "it starts programs"\n'


@pytest.fixture
def run(site: Any, home: Path, words: Callable[..., Path]) -> Callable[..., str]:
    """Return a function that runs one operation under limits; it returns the result or reason."""
    names = ("daemon", "memory", "forks", "threads", "chatter", "pipe")
    site.functions("wild", PERMISSION + site.manifest(*names), CODE)
    home.mkdir()

    def outcome(name: str, **limits: Any) -> str:
        (home / "limits.json").write_text(json.dumps(limits))
        spec = JobSpec(plugin="wild", name=name, inputs={"words": (words("a.txt"),)})
        for event in Studio(home).submit(spec).events():
            if isinstance(event, ItemDone):
                ended = event.summary
            if isinstance(event, ItemFailed):
                ended = event.reason
        return ended

    return outcome


def is_gone(home: Path) -> bool:
    pid, deadline = (home / "jobs/1/pid").read_text(), time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    return not Path(f"/proc/{pid}").exists()


def test_a_daemon_ends_with_its_job(run: Callable[..., str], home: Path) -> None:
    assert run("daemon") == "done"
    assert is_gone(home)
    (left,) = read_refusals(Profile(home))["wild"]
    assert re.fullmatch(r"left \S+ running: ended \(job 1\)", str(left))


def test_memory_of_a_process_that_changed_its_parent_counts(
    run: Callable[..., str], home: Path
) -> None:
    share = (300 << 20) / machine_memory_bytes()

    assert "GiB of memory, expected at most 0.3 GiB" in run("memory", memory_share=share)
    assert is_gone(home)


def test_too_many_processes_are_killed_or_refused(run: Callable[..., str]) -> None:
    reason = run("forks", tasks=100)  # the kernel refuses the last one first, but not to root

    assert "and threads, expected at most 100" in reason or "temporarily unavailable" in reason


def test_too_many_threads_are_killed_or_refused(run: Callable[..., str]) -> None:
    reason = run("threads", tasks=200)

    assert "and threads, expected at most 200" in reason or "start new thread" in reason


def test_a_log_that_grows_too_long_ends_the_worker(run: Callable[..., str], home: Path) -> None:
    assert "bytes to its log, expected at most 1000000" in run("chatter", log_bytes=10**6)
    assert (home / "jobs/1/worker.log").stat().st_size < 10**8


@pytest.mark.parametrize("confine", [["files", "calls", "limits"], []])
def test_a_pipe_is_no_output(run: Callable[..., str], confine: list[str]) -> None:
    reason = run("pipe", confine=confine, message_timeout_s=20)

    assert "PermissionError" in reason or "output text is not a file, expected one" in reason
