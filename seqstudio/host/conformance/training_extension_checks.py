"""The checks on what a plugin adds to trainings: importers, callbacks, metrics and parts."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from seqstudio.contracts.manifest import NamedEntry
from seqstudio.host.catalogue.catalogue import Plugin
from seqstudio.host.conformance.check import Check, check_result
from seqstudio.host.conformance.sample_data import data_of_importer
from seqstudio.host.conformance.training_checks import (
    Training,
    figures,
    training_faults,
    training_of,
    without_data,
)
from seqstudio.host.studio import Studio
from seqstudio.services.bundle_files import inspect_bundle


def check_training_extensions(
    studio: Studio, plugin: Plugin, folder: Path, runs: Mapping[str, Path]
) -> Iterator[Check]:
    """Try each with two training steps of a task that it serves; say what was not tried.

    Parameters
    ----------
    studio : of a profile for this suite only
    plugin : whose extensions are tried
    folder : a new folder for data and runs
    runs : of the plugin's tasks that were trained, with its callbacks
    """
    for importer in plugin.manifest.importers:
        yield check_importer(studio, plugin, importer, folder / "importers" / importer.name)
    for callback in plugin.manifest.train_callbacks:
        name = f"callback {callback.name}: goes through a training"
        if runs:
            yield check_result(name, "", ", ".join(runs))
        else:
            yield check_callback(name, studio, plugin, folder / "callbacks" / callback.name)
    for metric in plugin.manifest.metrics:
        yield check_metric(studio, plugin, metric, folder / "metrics" / metric.name)
    for part in plugin.manifest.parts:
        yield check_part(part, runs)


def check_importer(studio: Studio, plugin: Plugin, importer: NamedEntry, folder: Path) -> Check:
    """Train on what an importer reads: its own sample, or one that is written here."""
    name = f"importer {importer.name}: a model trains on what it reads"
    folder.mkdir(parents=True)
    kind, own = importer.kind, importer.sample
    data = plugin.folder / own if own else data_of_importer(importer, folder)
    if data is None:
        return Check(name=name, outcome="skip", detail=without_data([kind]))
    for training in trainings(studio, plugin, folder):
        if kind in training.entry.data:
            owned = training.plugin.id == plugin.id
            chosen = importer.name if owned else f"{plugin.id}.{importer.name}"
            training = replace(training, data=data, importer=chosen)
            faults = training_faults(plugin, training.train(folder / "run"))
            if faults and not own:
                detail = f"it names no `sample`, and on other data of its kind: {faults[0]}"
                return Check(name=name, outcome="skip", detail=detail)
            return check_result(name, "; ".join(faults[:1]), training.entry.name)
    return Check(name=name, outcome="skip", detail=f"no task here takes data of kind {kind}")


def check_callback(name: str, studio: Studio, plugin: Plugin, folder: Path) -> Check:
    """Train a task of another plugin, to which a callback listens too."""
    for training in trainings(studio, plugin, folder):
        faults = training_faults(plugin, training.train(folder / "run"))
        return check_result(name, "; ".join(faults[:1]), training.entry.name)
    return Check(name=name, outcome="skip", detail="no task here can be trained")


def check_metric(studio: Studio, plugin: Plugin, metric: NamedEntry, folder: Path) -> Check:
    """Measure a model of the task that a metric is of."""
    name = f"metric {metric.name}: measures a model"
    if not metric.task:
        detail = "the manifest does not say of which `task` it is"
        return Check(name=name, outcome="skip", detail=detail)
    for training in trainings(studio, plugin, folder):
        if training.entry.name == metric.task:
            faults = training_faults(plugin, training.train(folder / "run"))
            measured = [] if faults else training.measure(folder / "run")
            faults += training_faults(plugin, measured)
            prefix = "" if training.plugin.id == plugin.id else f"{plugin.id}."
            found = figures(measured, prefix)
            missing = "" if found else f"no figure of {metric.task}, expected at least one"
            return check_result(name, "; ".join(faults[:1]) or missing, found)
    return Check(name=name, outcome="skip", detail=f"no {metric.task} to train here")


def check_part(part: NamedEntry, runs: Mapping[str, Path]) -> Check:
    """Say in which trained model a part is."""
    bundles = {task: inspect_bundle(run / "model") for task, run in runs.items()}
    models = [task for task, bundle in bundles.items() if part.name in bundle.config.requires]
    name = f"part {part.name}: is in a trained model"
    if models:
        return check_result(name, "", ", ".join(models))
    detail = "no model that was trained here has it"
    return Check(name=name, outcome="skip", detail=detail)


def trainings(studio: Studio, plugin: Plugin, folder: Path) -> Iterator[Training]:
    """Yield the tasks that can be trained here, the plugin's own first."""
    others = [one for one in studio.catalogue.plugins if one.id != plugin.id]
    for one in (plugin, *others):
        for entry in one.manifest.tasks:
            if training := training_of(studio, one, entry, folder / entry.name):
                yield training
