"""`train --processes 2` in real processes that are killed, interrupted, or on two machines."""

import contextlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.medium
STEPS = 48
SIZES = ("hidden=48", "inner_hidden=16", "layers=2", "dropout=0.2", "average=1")
SETTINGS = (*SIZES, "epochs=6", "batch_size=4", "save_every_s=0.1")
TIMEOUT_S = 400.0

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def rolls(tmp_path: Path) -> Path:
    """Write short pieces of random frames to a train and a valid archive."""
    rng = np.random.default_rng(0)
    for split, pieces in (("train", 32), ("valid", 2)):
        lengths = rng.integers(30, 60, pieces)
        frames = (rng.random((lengths.sum(), 88)) < 0.04).astype(np.uint8)
        np.savez(tmp_path / f"SET.{split}.npz", frames=frames, lengths=lengths)
    return tmp_path / "SET.train.npz"


@pytest.fixture
def train(environment: Mapping[str, str], rolls: Path, tmp_path: Path) -> Iterator[Start]:
    """Start `seqstudio train music.rolls` and leave it running."""
    started: list[subprocess.Popen[str]] = []

    def start(run: Path, *arguments: object, **variables: str) -> "subprocess.Popen[str]":
        own = {str(word).partition("=")[0] for word in arguments}
        usual = [one for one in SETTINGS if one.partition("=")[0] not in own]
        sets = [word for setting in usual for word in ("--set", setting)]
        words = ["train", "music.rolls", rolls, "--run", run]
        process = subprocess.Popen(
            [sys.executable, "-m", "seqstudio", *map(str, (*words, *sets, *arguments))],
            env={**environment, "OMP_NUM_THREADS": "1", **variables},
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def steps(run: Path) -> list[dict[str, float]]:
    """Return the optimiser steps that the run has recorded."""
    if not (run / "events.jsonl").exists():
        return []
    lines = (run / "events.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in lines if line.endswith("}")]
    return [event for event in events if event["event"] == "step"]


def wait_until(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < end, f"timed out waiting for {what}"
        time.sleep(0.02)


def parent_of(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[1])


def family(profile: Path, ranks: int = 2) -> dict[str, int]:
    """Return the process ids of the newest training: its ranks, torchrun and the worker."""
    jobs = sorted((profile / "jobs").glob("*/1/processes"), key=lambda path: path.stat().st_mtime)
    pids = {}
    for rank in range(ranks):
        owner = (jobs[-1] / f"rank-{rank}.owner").read_text()
        pids[f"rank {rank}"] = int(owner.partition(":")[0])
    pids["torchrun"] = parent_of(pids["rank 0"])
    pids["worker"] = parent_of(pids["torchrun"])
    return pids


def running(pids: Mapping[str, int]) -> list[str]:
    """Return which of these processes still run."""
    found = []
    for name, pid in pids.items():
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state not in "ZX":
            found.append(name)
    return found


def listening(pids: Mapping[str, int]) -> set[str]:
    """Return the addresses at which these processes listen, as /proc writes them.

    Each may be on a network of its own, whose table is in its own folder.
    """
    addresses = {}
    for pid, table in itertools.product(pids.values(), ("tcp", "tcp6")):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A":  # LISTEN
                addresses[f"socket:[{fields[9]}]"] = fields[1].partition(":")[0]
    opened = set()
    for pid in pids.values():
        for path in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):  # closed meanwhile
                opened.add(str(path.readlink()))
    return {address for name, address in addresses.items() if name in opened}


def test_a_run_whose_processes_are_killed_resumes_with_the_curve_of_one_process(
    train: Start, environment: Mapping[str, str], tmp_path: Path
) -> None:
    run, profile = tmp_path / "killed", Path(environment["SEQSTUDIO_HOME"])
    alone = train(tmp_path / "alone")
    reasons, resume = {}, []
    for victim, step in (("rank 1", 5), ("torchrun", 15), ("worker", 25)):
        process = train(run, "--processes", 2, *resume)
        wait_until(lambda process=process, step=step: len(steps(run)) >= step, f"step {step}")
        pids = family(profile)
        os.kill(pids[victim], signal.SIGKILL)
        _, reasons[victim] = process.communicate(timeout=TIMEOUT_S)
        wait_until(lambda pids=pids: not running(pids), f"the end of {pids}")
        assert process.returncode == 1, reasons[victim]
        assert len(steps(run)) < STEPS, "it ended before it was killed"
        resume = ["--resume"]
    last = train(run, "--processes", 2, "--resume")
    assert last.wait(TIMEOUT_S) == alone.wait(TIMEOUT_S) == 0

    assert "process 1 was ended by SIGKILL" in reasons["rank 1"]
    assert "torchrun was ended by SIGKILL" in reasons["torchrun"]
    assert "the worker of music ended by SIGKILL" in reasons["worker"]
    expected = [step["loss"] for step in steps(tmp_path / "alone")]
    assert [step["step"] for step in steps(run)] == [*range(1, STEPS + 1)]
    assert [step["loss"] for step in steps(run)] == pytest.approx(expected, rel=1e-5)


def test_all_listen_on_loopback_and_ctrl_c_saves_and_stops_them_promptly(
    train: Start, environment: Mapping[str, str], tmp_path: Path
) -> None:
    run = tmp_path / "run"
    process = train(run, "--processes", 2)
    wait_until(lambda: len(steps(run)) >= 5, "step 5")
    pids = family(Path(environment["SEQSTUDIO_HOME"]))
    assert listening(pids) == {"0100007F"}
    process.send_signal(signal.SIGINT)
    asked = time.monotonic()
    wait_until(lambda: not running(pids), f"the end of {pids}")
    seconds = time.monotonic() - asked
    _, errors = process.communicate(timeout=TIMEOUT_S)

    assert seconds < 10  # 2 s on a quiet machine
    assert process.returncode == 130
    assert "--resume --processes 2" in errors
    assert "Traceback" not in errors
    assert list((run / "checkpoints").glob("[0-9]*"))


def test_a_paused_training_takes_no_step_and_a_stuck_process_is_killed_at_ctrl_c(
    train: Start,
    run: Callable[..., "subprocess.CompletedProcess[str]"],
    environment: Mapping[str, str],
    tmp_path: Path,
) -> None:
    folder, profile = tmp_path / "run", Path(environment["SEQSTUDIO_HOME"])
    process = train(folder, "--processes", 2)
    wait_until(lambda: len(steps(folder)) >= 5, "step 5")
    pids = family(profile)
    assert run("jobs", "pause", 1).returncode == 0
    wait_until(lambda: list((profile / "jobs").glob("*/1/processes/pause")), "the pause")
    time.sleep(2)  # the step that is under way ends
    paused = len(steps(folder))
    time.sleep(1)
    assert len(steps(folder)) == paused < STEPS
    os.kill(pids["rank 1"], signal.SIGSTOP)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=TIMEOUT_S)

    assert process.returncode == 130
    assert running(pids) == []


def test_an_error_of_the_training_is_shown_as_in_one_process(train: Start, tmp_path: Path) -> None:
    process = train(tmp_path / "run", "--processes", 2, "--set", "learning_rate=1e30")
    _, errors = process.communicate(timeout=TIMEOUT_S)

    assert process.returncode == 1
    assert errors.startswith("Error: step 2, SET.train.npz[")
    assert "expected finite" in errors


def test_two_machines_train_one_run(train: Start, tmp_path: Path) -> None:
    short = ("--set", "epochs=2")
    network = {"NNODES": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    nodes = []
    for rank in range(2):
        own = {"SEQSTUDIO_HOME": str(tmp_path / f"profile-{rank}"), "NODE_RANK": str(rank)}
        nodes.append(train(tmp_path / "run", "--processes", 1, *short, **network, **own))
    ends = [process.communicate(timeout=TIMEOUT_S)[1] for process in nodes]
    alone = train(tmp_path / "alone", *short)
    alone.communicate(timeout=TIMEOUT_S)

    assert [process.returncode for process in (*nodes, alone)] == [0, 0, 0], ends
    expected = [step["loss"] for step in steps(tmp_path / "alone")]
    assert len(expected) == 16
    assert [step["loss"] for step in steps(tmp_path / "run")] == pytest.approx(expected, rel=1e-5)


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
