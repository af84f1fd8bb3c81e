"""Trains the letters task in a process of its own, to be killed."""

from pathlib import Path

import torch
from letters_task import LettersTask

from seqstudio.services.train_job import PluginContext, TrainJob, run_train_job

SETTINGS = ("epochs=20", "save_every_s=0.05", "preview_every=10", "batch_size=3", "accumulate=2")


def train_letters(data: Path, run: Path, *, resume: bool) -> None:
    """Train to the end, saving as often as the disk allows."""
    torch.set_num_threads(1)
    order = TrainJob(data=data, run=run, settings=SETTINGS, resume=resume)
    for _ in run_train_job(order, LettersTask(), PluginContext()):
        pass
