"""A training that is killed at ten random moments has the same loss curve as one that is not."""

import multiprocessing
import random
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from train_letters import train_letters

from seqstudio.services.bundle_files import verify_files
from seqstudio.services.events import Evaluated, TrainingStep
from seqstudio.services.runs import open_run

KILLS = 10
LAST_STEP = 80


def start(data: Path, run: Path, *, resume: bool) -> BaseProcess:
    """Start a training in a process forked from one that has imported torch."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["seqstudio.services.train_job"])
    process = context.Process(target=train_letters, args=(data, run), kwargs={"resume": resume})
    process.start()
    return process


def curve(run: Path) -> list[TrainingStep | Evaluated]:
    return [
        event for event in open_run(run).events() if isinstance(event, TrainingStep | Evaluated)
    ]


def wait_for_step(run: Path, process: BaseProcess, step: int) -> None:
    """Wait until the log has this step, or the process has ended."""
    log = run / "events.jsonl"
    while process.is_alive() and (not log.exists() or log.read_text().count('"step", ') < step):
        time.sleep(0.002)


@pytest.mark.medium
def test_killing_ten_times_does_not_change_the_loss_curve(letters: Path) -> None:
    reference, killed = letters.parent / "reference", letters.parent / "killed"
    uninterrupted = start(letters, reference, resume=False)
    moments = random.Random(7)
    process = start(letters, killed, resume=False)
    for step in sorted(moments.sample(range(1, LAST_STEP - 4), KILLS)):
        wait_for_step(killed, process, step)
        time.sleep(moments.uniform(0.0, 0.01))  # in a step, an evaluation, a save, a log line
        process.kill()
        process.join()
        assert process.exitcode == -9, "it ended before it could be killed"
        verify_files(killed / "model")  # complete at all times
        process = start(letters, killed, resume=True)
    process.join()
    uninterrupted.join()

    assert (process.exitcode, uninterrupted.exitcode) == (0, 0)
    assert curve(killed) == curve(reference)
    assert [event.step for event in curve(killed) if isinstance(event, TrainingStep)] == [
        *range(1, LAST_STEP + 1)
    ]
    ends = [open_run(run).finished() for run in (reference, killed)]
    assert len({(end.value, end.best_step, end.summary) for end in ends if end}) == 1
    weights = [(run / "model" / "weights.safetensors").read_bytes() for run in (reference, killed)]
    assert weights[0] == weights[1]
