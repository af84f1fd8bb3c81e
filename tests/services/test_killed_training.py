"""A training process is killed at ten random moments; its loss curve must not show it."""

import multiprocessing
import random
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

from train_letters import train_letters

from seqstudio.services.bundle_files import verify_files
from seqstudio.services.events import Evaluated, Step
from seqstudio.services.runs import open_run

KILLS = 10


def start(data: Path, run: Path, *, resume: bool) -> BaseProcess:
    """Start a training in a process forked from one that has torch already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["seqstudio.services.train_order"])
    process = context.Process(target=train_letters, args=(data, run), kwargs={"resume": resume})
    process.start()
    return process


def curve(run: Path) -> list[Step | Evaluated]:
    return [event for event in open_run(run).events() if isinstance(event, Step | Evaluated)]


def wait_for_growth(run: Path, process: BaseProcess) -> None:
    """Wait until the process has logged something of its own, or is over."""
    log = run / "events.jsonl"
    begun = log.stat().st_mtime_ns if log.exists() else 0
    while process.is_alive() and (not log.exists() or log.stat().st_mtime_ns == begun):
        time.sleep(0.005)


def test_kill_9_at_ten_random_moments_leaves_the_loss_curve_as_it_was(letters: Path) -> None:
    whole, killed = letters.parent / "whole", letters.parent / "killed"
    straight = start(letters, whole, resume=False)
    moments = random.Random(7)
    process = start(letters, killed, resume=False)
    for _ in range(KILLS):
        wait_for_growth(killed, process)
        time.sleep(moments.uniform(0.0, 0.15))
        process.kill()
        process.join()
        assert process.exitcode == -9, "it was over before it could be killed"
        verify_files(killed / "model")  # whole at every moment
        process = start(letters, killed, resume=True)
    process.join()
    straight.join()

    assert (process.exitcode, straight.exitcode) == (0, 0)
    assert curve(killed) == curve(whole)
    assert [event.step for event in curve(killed) if isinstance(event, Step)] == list(range(1, 161))
    ends = [open_run(run).finished() for run in (whole, killed)]
    assert len({(end.value, end.best_step, end.note) for end in ends if end}) == 1
    weights = [(run / "model" / "weights.safetensors").read_bytes() for run in (whole, killed)]
    assert weights[0] == weights[1]
