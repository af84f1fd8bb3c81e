"""A training process is killed at ten random moments; its loss curve must not show it."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seqstudio.services.bundle_files import verify_files
from seqstudio.services.events import Evaluated, Step
from seqstudio.services.runs import open_run

SCRIPT = Path(__file__).with_name("train_letters.py")


def start(data: Path, run: Path, *, resume: bool) -> subprocess.Popen[str]:
    command = [sys.executable, str(SCRIPT), str(data), str(run)]
    flags = ["--resume"] if resume else []
    return subprocess.Popen([*command, *flags], stderr=subprocess.PIPE, text=True)


def curve(run: Path) -> list[Step | Evaluated]:
    return [event for event in open_run(run).events() if isinstance(event, Step | Evaluated)]


def wait_for_growth(run: Path, process: subprocess.Popen[str]) -> None:
    """Wait until the process has logged something of its own, or is over."""
    log = run / "events.jsonl"
    begun = log.stat().st_mtime_ns if log.exists() else 0
    while process.poll() is None and (not log.exists() or log.stat().st_mtime_ns == begun):
        time.sleep(0.01)


@pytest.mark.medium
def test_kill_9_at_ten_random_moments_leaves_the_loss_curve_as_it_was(letters: Path) -> None:
    whole, killed = letters.parent / "whole", letters.parent / "killed"
    assert start(letters, whole, resume=False).wait() == 0

    moments = random.Random(7)
    kills = 0
    process = start(letters, killed, resume=False)
    while kills < 10:
        wait_for_growth(killed, process)
        time.sleep(moments.uniform(0.0, 0.15))
        if process.poll() is not None:
            break
        process.kill()
        process.wait()
        kills += 1
        verify_files(killed / "model")  # whole at every moment
        process = start(letters, killed, resume=True)
    _, errors = process.communicate()

    assert (kills, process.returncode, errors) == (10, 0, "")
    assert curve(killed) == curve(whole)
    assert [event.step for event in curve(killed) if isinstance(event, Step)] == list(range(1, 161))
    finished = [open_run(run).finished() for run in (whole, killed)]
    assert len({(event.value, event.best_step, event.note) for event in finished if event}) == 1
    kinds = [(run / "model" / "weights.safetensors").read_bytes() for run in (whole, killed)]
    assert kinds[0] == kinds[1]
