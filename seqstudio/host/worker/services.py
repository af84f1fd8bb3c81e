"""The verbs of jobs that are no operation, in a worker: training, evaluation and the others."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqstudio.contracts.manifest import Manifest
from seqstudio.contracts.messages import ItemRefused, ItemResult, Start
from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.contracts.task import Tunable
from seqstudio.errors import ConfigError, PluginError, SeqStudioError
from seqstudio.host.jobs import KEPT_MODEL
from seqstudio.host.jobs.options import fill_options
from seqstudio.host.worker.channel import HostChannel
from seqstudio.host.worker.plugins import Plugins
from seqstudio.host.worker.service_run import ServiceRun, read_data, with_progress
from seqstudio.host.worker.trainings import learn, train
from seqstudio.services.bundle_files import inspect_bundle
from seqstudio.services.evaluation import evaluate, evaluate_recogniser, report
from seqstudio.services.golden import check_golden
from seqstudio.services.model_writer import write_stored
from seqstudio.services.runs import open_run
from seqstudio.services.stored_weights import find_weights
from seqstudio.services.tuned_models import save_tuned, with_preparation


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateArguments:
    """The arguments of `seqstudio evaluate MODEL DATA`."""

    data: Path
    split: str = "test"
    importer: str = ""  # PLUGIN.NAME; "" chooses one


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneArguments:
    """The arguments of `seqstudio models tune MODEL DATA --out BUNDLE`."""

    data: Path
    out: Path
    text: Path | None = None  # a text or a language model, instead of the train examples
    importer: str = ""  # PLUGIN.NAME; "" chooses one
    command: str = ""  # as typed


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepArguments:
    """The arguments of a job that makes a bundle of weights that a run still has."""

    run: Path
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyArguments:
    """The arguments of `seqstudio models verify MODEL`."""

    demo: Path | None = None  # the folder of the demo items; None: only load the model


def run_service(
    start: Start, plugins: Plugins, host: HostChannel, ready: Callable[[HostChannel], None]
) -> Mapping[str, Any]:
    """Run the one item of a job; return its value."""
    verbs = {
        "train": train,
        "learn": learn,
        "evaluate": _evaluate,
        "verify": _verify,
        "tune": _tune,
        "keep": _keep,
    }
    if start.verb not in verbs:
        raise ConfigError(f"verb {start.verb!r}, expected one of: operation, {', '.join(verbs)}")
    task = plugins.own("tasks", start.name)
    ready(host)
    value: Mapping[str, Any] = {}
    for items in host.items():
        service = ServiceRun(start, plugins, host, task, items.items[0].item)
        try:
            value = verbs[start.verb](service)
            result = ItemResult(item=service.item, details={}, provenance=service.provenance())
            host.send(result)
        except SeqStudioError as error:
            host.send(ItemRefused(item=service.item, reason=str(error)))
    return value


def _evaluate(service: ServiceRun) -> Mapping[str, Any]:
    arguments = from_plain(EvaluateArguments, service.start.arguments, "evaluate")
    recogniser = service.job.recogniser()
    data = read_data(service, arguments.data, arguments.importer)
    examples = data.split(arguments.split)
    if recogniser:
        measured = evaluate_recogniser(service.task, recogniser, examples)
    else:
        measured = evaluate(service.task, service.job.model(), examples)
    measurements = with_progress(measured, len(examples), service.job)
    metrics = service.plugins.metrics()
    table = report(list(measurements), service.task, ledger=data.ledger, metrics=metrics)
    return {**table, **data.note(examples)}


def _tune(service: ServiceRun) -> Mapping[str, Any]:
    """Choose how a model decodes; save it as a new bundle with its metrics on the valid split."""
    arguments = from_plain(TuneArguments, service.start.arguments, "tune")
    if not isinstance(service.task, Tunable):
        raise ConfigError(f"{service.task.name}: nothing to tune, expected a task that decodes")
    loaded = service.job.model()
    info = inspect_bundle(Path(service.start.models[0].path))
    data = read_data(service, arguments.data, arguments.importer)
    valid = data.split("valid")
    trials = service.task.tune(
        loaded, data.split("train"), valid, arguments.text, service.job.model_at
    )
    texts: list[str] = []
    for trial in trials:
        service.job.progress(0.9 * trial.fraction, trial.text)
        texts.append(trial.text)
    if trial.preparation is None:
        raise PluginError(f"{service.task.name}: no preparation after the last trial, expected one")
    tuned = with_preparation(loaded, trial.preparation)
    measured = list(evaluate(service.task, tuned, valid))
    table = report(measured, service.task, ledger=data.ledger, metrics=service.plugins.metrics())
    save_tuned(arguments.out, tuned, info, table, service.task, arguments.command)
    return {**table, "trials": texts}


def _keep(service: ServiceRun) -> Mapping[str, Any]:
    """Write the weights of a step of a run as a bundle in the job's folder."""
    arguments = from_plain(KeepArguments, service.start.arguments, "keep")
    run = open_run(arguments.run)
    stored = find_weights(run, arguments.step)
    card = inspect_bundle(Path(service.start.models[0].path)).card
    folder = Path(service.start.folder) / KEPT_MODEL
    shutil.rmtree(folder, ignore_errors=True)  # of a job that was cut off
    preparation = service.job.model().preparation
    write_stored(folder, run, stored, service.task, preparation, card)
    return {"step": stored.step}


def _verify(service: ServiceRun) -> Mapping[str, Any]:
    arguments = from_plain(VerifyArguments, service.start.arguments, "verify")
    service.job.model()  # checks shapes and numbers, which golden items need not reach
    facts = inspect_bundle(Path(service.start.models[0].path))
    if arguments.demo is None:
        return {"model": facts.name, "sha256": facts.sha256, "golden": []}
    manifest = from_plain(Manifest, service.start.plugin.manifest, service.start.plugin.id)
    entries = {entry.name: entry for entry in manifest.operations}
    checked = check_golden(
        facts.golden,
        service.plugins.contributions("operations")[service.start.plugin.id],
        lambda name: fill_options(entries[name], {}),
        arguments.demo,
        service.job,
    )
    found = [{**to_plain(one), "same": one.same} for one in checked]
    return {"model": facts.name, "sha256": facts.sha256, "golden": found}
