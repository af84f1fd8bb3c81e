"""`--watch` in a real process: files that come are done, Ctrl-C ends it."""

import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

WAIT_S = 240.0  # workers start slowly on a busy machine


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + WAIT_S
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not come"
        time.sleep(0.1)


@pytest.mark.medium
def test_files_that_come_are_done_and_ctrl_c_ends_the_watch(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    inbox, out, report = tmp_path / "inbox", tmp_path / "out", tmp_path / "report"
    inbox.mkdir()
    (inbox / "first.txt").write_text("one")
    command = ["echo", "repeat", inbox, "--out", out, "--watch", "--report", report]
    process = subprocess.Popen(
        [sys.executable, "-m", "seqstudio", *map(str, command)],
        env=environment,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(out / "first.txt")
    (inbox / "second.txt").write_text("two")
    wait_for(out / "second.txt")
    time.sleep(2.0)  # until it looks for files again
    process.send_signal(signal.SIGINT)
    printed, notices = process.communicate(timeout=WAIT_S)

    assert process.returncode == 0, notices
    assert notices.startswith(f"watching {inbox}; Ctrl-C ends\n")
    assert notices.endswith("no longer watching\n")
    assert printed.count("1 done, 0 refused or failed") == 2
    assert len((report / "report.csv").read_text().splitlines()) == 3
