"""Training of the letters task in several processes, which tests start without torchrun."""

import json
import multiprocessing
import os
from collections.abc import Sequence
from multiprocessing.queues import SimpleQueue
from pathlib import Path

import torch
from letters_task import LettersTask
from torch.distributed import TCPStore

from seqstudio.services.communicator import ProcessGroup
from seqstudio.services.events import TrainingStep
from seqstudio.services.train_job import PluginContext, TrainJob, run_train_job


def train_together(
    job: TrainJob, data: Sequence[Path], *, last_step: int = 0, on_gpus: bool = False
) -> list[str]:
    """Train in one process for each of `data`; return the errors with which they ended.

    With `last_step` the first process asks to stop after that step.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["seqstudio.services.train_job"])
    store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    answers: SimpleQueue[str] = context.SimpleQueue()
    for rank, source in enumerate(data):
        environment = {
            "RANK": str(rank),
            "WORLD_SIZE": str(len(data)),
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(store.port),
            "TORCHELASTIC_USE_AGENT_STORE": "True",
        }
        device = f"cuda:{rank}" if on_gpus else "cpu"
        text = json.dumps([str(source), str(job.run), job.settings, job.resume, last_step, device])
        context.Process(target=run_rank, args=(text, environment, answers), daemon=True).start()
    return sorted(filter(None, (answers.get() for _ in data)))


def run_rank(text: str, environment: dict[str, str], answers: "SimpleQueue[str]") -> None:
    """Train as one of several processes; put "" or an error."""
    os.environ.update(environment)
    torch.set_num_threads(1)
    source, run, settings, resume, last_step, device = json.loads(text)
    job = TrainJob(data=Path(source), run=Path(run), settings=tuple(settings), resume=resume)
    try:
        _train(job, last_step, device)
    except BaseException as error:  # the test shows it
        answers.put(f"{error}")
    else:
        answers.put("")


def _train(job: TrainJob, last_step: int, device: str) -> None:
    processes, step = ProcessGroup(device), 0
    events = run_train_job(
        job,
        LettersTask(),
        PluginContext(),
        device=device,
        stop=lambda: 0 < last_step <= step,
        communicator=processes,
    )
    for event in events:
        step = event.step if isinstance(event, TrainingStep) else step
    processes.close()
