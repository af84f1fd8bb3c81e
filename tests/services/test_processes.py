"""A training in several processes has the loss curve of one in one process."""

from collections.abc import Callable
from pathlib import Path

import pytest
from letters_task import LettersTask, write_letters
from train_together import train_together

from seqstudio.services.bundle_files import inspect_bundle
from seqstudio.services.checkpoints import load_newest
from seqstudio.services.events import Evaluated, TrainingStep
from seqstudio.services.runs import open_run
from seqstudio.services.train_job import PluginContext, TrainJob, run_train_job

pytestmark = pytest.mark.medium
# 4 steps in an epoch; the last of their batches has 2 examples, none for the third process
SETTINGS = ("epochs=13", "batch_size=6", "dropout=0.3", "average=1")
STEPS = 52

Alone = Callable[..., Path]


@pytest.fixture
def alone(letters: Path) -> Alone:
    """Return a function that trains in one process, and returns the run."""

    def train(*settings: str) -> Path:
        run = letters.parent / "alone"
        job = TrainJob(data=letters, run=run, settings=(*SETTINGS, *settings))
        for _ in run_train_job(job, LettersTask(), PluginContext()):
            pass
        return run

    return train


def curve(run: Path) -> list[float]:
    """Return the loss of every step, and the monitor of every evaluation."""
    events = list(open_run(run).events())
    steps = [event for event in events if isinstance(event, TrainingStep)]
    assert [event.step for event in steps] == [*range(1, len(steps) + 1)]
    losses = [event.loss for event in steps]
    return losses + [event.value for event in events if isinstance(event, Evaluated)]


@pytest.mark.parametrize("processes", [2, 3])
def test_several_processes_have_the_loss_curve_of_one(
    letters: Path, alone: Alone, processes: int
) -> None:
    together = TrainJob(data=letters, run=letters.parent / "together", settings=SETTINGS)
    errors = train_together(together, [letters] * processes)
    expected, found = curve(alone()), curve(together.run)

    assert errors == []
    assert inspect_bundle(together.run / "model").card.machine.endswith(f", {processes} processes")
    assert len(expected) == STEPS + 13
    assert found == pytest.approx(expected, rel=0, abs=1e-5)
    assert expected[STEPS - 1] < expected[0] - 0.5  # it has learned something


def test_accumulated_batches_are_shared_too(letters: Path, alone: Alone) -> None:
    settings = (*SETTINGS, "accumulate=3")
    together = TrainJob(data=letters, run=letters.parent / "together", settings=settings)
    errors = train_together(together, [letters] * 2)

    assert errors == []
    assert curve(together.run) == pytest.approx(curve(alone("accumulate=3")), rel=0, abs=1e-5)


def test_a_run_resumes_with_another_number_of_processes(letters: Path, alone: Alone) -> None:
    run = letters.parent / "together"
    first = TrainJob(data=letters, run=run, settings=SETTINGS)
    again = TrainJob(data=letters, run=run, resume=True)
    assert train_together(first, [letters] * 2, last_step=10) == []  # in mid-epoch
    stopped = load_newest(run / "checkpoints")
    assert train_together(again, [letters] * 3, last_step=27) == []
    for _ in run_train_job(again, LettersTask(), PluginContext()):
        pass

    assert stopped is not None
    assert stopped.progress.step == 10
    assert curve(run) == pytest.approx(curve(alone()), rel=0, abs=1e-5)
    finished = open_run(run).finished()
    assert finished is not None
    assert finished.processes == (2, 3, 1)


def test_a_process_with_other_data_is_named(letters: Path) -> None:
    other = write_letters(letters.parent / "other.txt", lines=30)
    job = TrainJob(data=letters, run=letters.parent / "together", settings=SETTINGS)

    expected = "process 1 has other weights or data than process 0"
    assert train_together(job, [letters, other]) == [expected] * 2
