"""A batch whose job database cannot be written ends with one clear line, and can be continued."""

import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

TAKES = 8
Start = Callable[[], "subprocess.Popen[str]"]


@pytest.fixture
def start(environment: Mapping[str, str], tmp_path: Path) -> Iterator[Start]:
    """Start a job of eight takes, and wait for the first."""
    started = []

    def start_job() -> "subprocess.Popen[str]":
        command = ("echo", "count", "--out", "n.txt", "--takes", str(TAKES), "--seed", "1")
        process = subprocess.Popen(
            [sys.executable, "-m", "seqstudio", *command, "--seconds", "0.3"],
            env=environment,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        end = time.monotonic() + 60
        while not (tmp_path / "n.1.txt").exists():
            assert time.monotonic() < end, "no take was written"
            time.sleep(0.02)
        return process

    yield start_job
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.medium
@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="prlimit is Linux's")
def test_a_full_disk_ends_a_batch_and_the_same_command_continues_it(
    start: Start, tmp_path: Path
) -> None:
    process = start()
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (4096, 4096))  # as a disk that is full
    _, errors = process.communicate(timeout=60)
    finished = len(list(tmp_path.glob("n.*.txt")))
    again = start()
    output, _ = again.communicate(timeout=60)

    assert process.returncode == 1
    (line,) = [line for line in errors.splitlines() if line.startswith("Error:")]
    assert "jobs.sqlite" in line
    assert line.endswith("done, nothing finished is lost: run the same command again to continue")
    assert 1 <= finished < TAKES
    assert again.returncode == 0
    assert f"{TAKES} done, 0 refused or failed" in output
    assert sorted(path.name for path in tmp_path.glob("n.*.txt")) == [
        f"n.{number}.txt" for number in range(1, TAKES + 1)
    ]


@pytest.mark.medium
def test_a_batch_whose_database_is_removed_says_so(start: Start, tmp_path: Path) -> None:
    process = start()
    for file in (tmp_path / "profile").glob("jobs.sqlite*"):
        file.unlink()
    _, errors = process.communicate(timeout=60)

    assert process.returncode == 1
    assert "jobs.sqlite: removed or replaced while it was in use" in errors
