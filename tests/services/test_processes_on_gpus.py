"""A training in a process for each GPU has the loss curve of one on the CPU."""

from pathlib import Path

import pytest
import torch
from letters_task import LettersTask
from train_together import train_together

from seqstudio.services.events import TrainingStep
from seqstudio.services.runs import open_run
from seqstudio.services.train_job import PluginContext, TrainJob, run_train_job

pytestmark = pytest.mark.gpu
SETTINGS = ("epochs=4", "batch_size=6", "dropout=0.3", "precision=fp32")


def losses(run: Path) -> list[float]:
    return [event.loss for event in open_run(run).events() if isinstance(event, TrainingStep)]


def test_processes_on_gpus_have_the_loss_curve_of_the_cpu(letters: Path) -> None:
    alone = TrainJob(data=letters, run=letters.parent / "alone", settings=SETTINGS)
    together = TrainJob(data=letters, run=letters.parent / "together", settings=SETTINGS)
    for _ in run_train_job(alone, LettersTask(), PluginContext()):
        pass
    errors = train_together(together, [letters] * torch.cuda.device_count(), on_gpus=True)

    assert errors == []
    assert losses(together.run) == pytest.approx(losses(alone.run), rel=0, abs=1e-3)
