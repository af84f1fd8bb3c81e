"""A killed training of the task template resumes to exactly the same model."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seqstudio.host.profile import Profile
from seqstudio.host.store.scaffold import write_plugin
from seqstudio.host.store.store import Store
from seqstudio.services.events import Evaluated, TrainingStep
from seqstudio.services.runs import open_run

SETTINGS = ("epochs=12", "hidden=16", "save_every_s=0.05", "seed=3")
KILL_STEPS = (7, 31)
TIMEOUT_S = 300.0


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A profile with the plugin, and a file of lines next to it."""
    write_plugin(tmp_path / "parrot", "parrot", "task")
    store = Store(Profile(tmp_path / "home"))
    inspected = store.inspect(tmp_path / "parrot")
    store.install(inspected, accepted=inspected.sheet.sha256)
    (tmp_path / "lines.txt").write_text("".join(f"line {n:02}\n" for n in range(40)))
    return tmp_path / "home"


def start(home: Path, run: str, *more: str) -> subprocess.Popen[bytes]:
    """Train from the command line, in a new process group."""
    command = [sys.executable, "-m", "seqstudio", "train", "parrot.lines", "lines.txt"]
    return subprocess.Popen(
        [*command, "--run", run, *more],
        cwd=home.parent,
        env={**os.environ, "SEQSTUDIO_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )


def kill_at(process: subprocess.Popen[bytes], run: Path, step: int) -> None:
    """Kill the command and its worker with SIGKILL once the log has this step."""
    log, deadline = run / "events.jsonl", time.monotonic() + TIMEOUT_S
    while not log.exists() or log.read_text().count('"learning_rate"') < step:
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def curve(run: Path) -> list[TrainingStep | Evaluated]:
    return [
        event for event in open_run(run).events() if isinstance(event, TrainingStep | Evaluated)
    ]


@pytest.mark.medium
def test_a_killed_training_resumes_to_the_same_curve_and_model(home: Path) -> None:
    arguments = [word for setting in SETTINGS for word in ("--set", setting)]
    uninterrupted, killed = home.parent / "uninterrupted", home.parent / "killed"
    assert start(home, "uninterrupted", *arguments).wait(TIMEOUT_S) == 0
    kill_at(start(home, "killed", *arguments), killed, KILL_STEPS[0])
    kill_at(start(home, "killed", "--resume"), killed, KILL_STEPS[1])
    assert open_run(killed).finished() is None
    assert start(home, "killed", "--resume").wait(TIMEOUT_S) == 0

    assert curve(killed) == curve(uninterrupted)
    steps = [event.step for event in curve(killed) if isinstance(event, TrainingStep)]
    assert steps == [*range(1, len(steps) + 1)]
    assert len(steps) > KILL_STEPS[1]
    weights = [
        (run / "model" / "weights.safetensors").read_bytes() for run in (uninterrupted, killed)
    ]
    assert weights[0] == weights[1]
