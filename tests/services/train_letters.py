"""Training of the letters task in a separate process that the tests kill."""

from pathlib import Path

import torch
from letters_task import LettersTask

from seqstudio.services.train_job import PluginContext, TrainJob, run_train_job

STEPS = ("epochs=20", "save_every_s=0.05", "preview_every=10", "batch_size=3", "accumulate=2")
AVERAGES = ("average=3", "average_last=2", "swa=0.3", "ema=0.9")
SETTINGS = (*STEPS, *AVERAGES)


def train_letters(data: Path, run: Path, *, resume: bool) -> None:
    """Train to the end, saving a checkpoint after almost every step."""
    torch.set_num_threads(1)
    job = TrainJob(data=data, run=run, settings=SETTINGS, resume=resume)
    for _ in run_train_job(job, LettersTask(), PluginContext()):
        pass
