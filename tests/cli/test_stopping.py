"""Ctrl-C stops a job cleanly and prints how to resume; a second one stops it immediately."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(environment: Mapping[str, str], tmp_path: Path) -> Iterator[Start]:
    """Start `seqstudio ARGUMENTS...` and leave it running."""
    started: list[subprocess.Popen[str]] = []

    def start_command(*arguments: object) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-m", "seqstudio", *map(str, arguments)],
            env=environment,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start_command
    for process in started:
        process.kill()
        process.communicate()


def wait_for(path: Path) -> None:
    """Wait until a file exists, which shows that the job is running."""
    end = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < end, f"{path} was not written"
        time.sleep(0.05)


@pytest.mark.medium
def test_ctrl_c_prints_how_to_resume_and_the_same_command_resumes(
    start: Start, tmp_path: Path
) -> None:
    out = tmp_path / "n.txt"
    command = ("echo", "count", "--out", out, "--takes", 3, "--seed", 1, "--seconds", 0.7)
    first = start(*command)
    wait_for(tmp_path / "n.1.txt")
    first.send_signal(signal.SIGINT)
    _, errors = first.communicate(timeout=30)
    again = start(*command)
    output, _ = again.communicate(timeout=30)

    assert first.returncode == 130
    assert "run the same command again to continue where it stopped" in errors
    assert "Traceback" not in errors
    assert again.returncode == 0
    assert "3 done" in output
    assert len(list(tmp_path.glob("n.*.txt"))) == 3
    assert not list(tmp_path.glob(".*seqstudio*"))


@pytest.mark.medium
def test_a_second_ctrl_c_stops_immediately_and_leaves_no_worker(
    start: Start, run: Callable[..., "subprocess.CompletedProcess[str]"], tmp_path: Path
) -> None:
    process = start(
        "echo", "count", "--out", tmp_path / "n.txt", "--takes", 2, "--seconds", 5, "--stubborn"
    )
    wait_for(tmp_path / "n.1.txt")
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)

    assert time.monotonic() - started < 4
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert "interrupted" in run("jobs", "list").stdout
