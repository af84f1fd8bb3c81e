"""Training in a worker: alone, in several processes, or to learn from corrections."""

import shlex
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from seqstudio.contracts.data import Ledger, Measurement
from seqstudio.contracts.messages import Progress
from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.contracts.task import holds_out_last
from seqstudio.host.worker.job import PROGRESS_INTERVAL_S
from seqstudio.host.worker.parallel import train_in_processes
from seqstudio.host.worker.plugin_context import plugin_context
from seqstudio.host.worker.service_run import ServiceRun, read_all, with_progress
from seqstudio.services.base_model import open_base
from seqstudio.services.datasets import keep_apart
from seqstudio.services.evaluation import evaluate
from seqstudio.services.events import Event, Finished, TrainingStep, event_to_plain
from seqstudio.services.learning import (
    LearnArguments,
    check_apart,
    check_not_judged,
    gentle_settings,
    judge,
    settle,
)
from seqstudio.services.runs import check_new, check_same_verb, open_run
from seqstudio.services.train_job import ReadData, TrainJob, run_train_job

TRAINING = (0.1, 0.9)  # the progress of learning at which its training begins and ends


def train(service: ServiceRun) -> Mapping[str, Any]:
    """Train a model; return the last event."""
    arguments = from_plain(TrainJob, service.start.arguments, "train")
    if service.start.models:
        (model,) = service.start.models
        arguments = replace(arguments, base=Path(model.path), base_name=model.name)
    value = send_events(service, _train_events(service, arguments))
    service.host.check()
    return value


def send_events(
    service: ServiceRun, events: Iterator[Event], span: tuple[float, float] = (0.0, 1.0)
) -> Mapping[str, Any]:
    """Send the events of a training to the host, but for most of the steps; return the last.

    Parameters
    ----------
    span : the progress of the job before the first and after the last
    """
    start, end = span
    fraction, last_progress_s = start, 0.0
    value: Mapping[str, Any] = {}
    for event in events:
        if isinstance(event, TrainingStep):
            fraction = start + (end - start) * min(1.0, event.fraction)
            if time.monotonic() - last_progress_s < PROGRESS_INTERVAL_S:
                continue  # the run folder has every step
            last_progress_s = time.monotonic()
        plain = event_to_plain(event)
        service.host.send(Progress(fraction=fraction, item=service.item, event=plain))
        if isinstance(event, Finished):
            value = plain
    return value


def _train_events(service: ServiceRun, arguments: TrainJob) -> Iterator[Event]:
    """Train in this process, or in as many others as asked for."""
    device = service.job.device
    if arguments.processes:
        folder = service.job.folder / "processes"
        start = replace(service.start, arguments=to_plain(arguments), device=device)
        count = arguments.processes
        yield from train_in_processes(start, folder, service.host, processes=count)
    else:
        context = plugin_context(service.start, service.plugins, service.task)
        yield from run_train_job(
            arguments, service.task, context, device=device, stop=service.stopped
        )


def learn(service: ServiceRun) -> Mapping[str, Any]:
    """Train on corrections; keep the weights if what was held out is not worse with them.

    The held-out part is measured before and after. A job that is resumed trains on where it was,
    and measures again.
    """
    arguments = from_plain(LearnArguments, service.start.arguments, "learn")
    arguments, base, name = _start(service, arguments)
    ledger, task = Ledger(), service.task
    examples = read_all(service, arguments.data, arguments.importer, ledger)
    _, apart, _ = keep_apart(examples, arguments.share, last=holds_out_last(task))
    check_apart(apart, len(examples), arguments.data)

    def measured(model: Path, span: tuple[float, float]) -> list[Measurement]:
        found = evaluate(task, service.job.model_at(model), apart)
        return list(with_progress(found, len(apart), service.job, span))

    before = measured(base, (0.0, TRAINING[0]))
    _train_gently(service, arguments, base, name, (examples, ledger))
    run = open_run(arguments.run)
    judgement = judge(task, before, measured(run.folder, (TRAINING[1], 1.0)), total=len(examples))
    return settle(run, judgement)


def _start(service: ServiceRun, arguments: LearnArguments) -> tuple[LearnArguments, Path, str]:
    """Return the arguments, the bundle to start from and its name.

    A run that goes on has a copy of the bundle, and its data are read and held out as they were.
    """
    if arguments.resume:
        run = open_run(arguments.run)
        check_same_verb(run, arguments.data, learns=True)
        check_not_judged(run)
        arguments = replace(
            arguments,
            importer=arguments.importer or run.spec.importer,
            settings=arguments.settings or run.spec.settings,
            share=run.spec.apart,
        )
        return arguments, run.base, run.spec.base.name if run.spec.base else ""
    check_new(arguments.run)
    (model,) = service.start.models
    return arguments, Path(model.path), model.name


def _train_gently(
    service: ServiceRun, arguments: LearnArguments, base: Path, name: str, data: ReadData
) -> None:
    """Train from the base, with all that it has made of its own data, until it is time to stop."""
    if arguments.resume and open_run(arguments.run).finished():
        return  # cut off when it was measured
    _, preset = open_base(base, service.task, name).preset(service.task, "")
    job = TrainJob(
        data=arguments.data,
        run=arguments.run,
        settings=gentle_settings(preset, arguments.settings),
        resume=arguments.resume,
        base=base,
        base_name=name,
        importer=arguments.importer,
        command=_command(service.start.plugin.id, arguments, name),
        apart=arguments.share,
        as_base=True,
    )
    context = plugin_context(service.start, service.plugins, service.task)
    stop = _at_time(service.stopped, arguments.minutes)
    device = service.job.device
    events = run_train_job(job, service.task, context, device=device, stop=stop, data=data)
    send_events(service, events, TRAINING)
    service.host.check()


def _command(plugin: str, arguments: LearnArguments, base: str) -> str:
    """Return the command for the model's card."""
    words = ["seqstudio", plugin, "learn", arguments.data.name, "--model", base]
    words += ["--run", arguments.run.name, "--share", f"{arguments.share:g}"]
    words += ["--minutes", f"{arguments.minutes:g}"] if arguments.minutes else []
    words += ["--importer", arguments.importer] if arguments.importer else []
    return shlex.join([*words, *(word for text in arguments.settings for word in ("--set", text))])


def _at_time(stopped: Callable[[], bool], minutes: float) -> Callable[[], bool]:
    """Return what also says to stop when so many minutes are over; 0 is no limit."""
    end_s = time.monotonic() + 60 * minutes
    return lambda: stopped() or (minutes > 0 and time.monotonic() >= end_s)
