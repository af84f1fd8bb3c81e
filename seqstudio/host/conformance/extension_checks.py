"""The checks on exporters and recognisers: each is tried by an operation that can use it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path

from seqstudio.contracts.manifest import NamedEntry, OperationEntry, RecogniserEntry
from seqstudio.host.catalogue.catalogue import Plugin
from seqstudio.host.catalogue.recognisers import FoundRecogniser
from seqstudio.host.conformance.check import Check, check_result
from seqstudio.host.conformance.operation_checks import (
    Subject,
    failures,
    missing,
    sample_inputs,
    without_model,
    without_sample,
)
from seqstudio.host.studio import Studio

OperationOfPlugin = tuple[Plugin, OperationEntry]


def check_extensions(studio: Studio, plugin: Plugin, folder: Path) -> Iterator[Check]:
    """Try exporters and recognisers, and say which have no operation to try them with.

    Parameters
    ----------
    studio : of a profile for this suite only
    plugin : whose extensions are tried
    folder : a new folder for inputs and outputs
    """
    for exporter in plugin.manifest.exporters:
        yield check_exporter(studio, plugin, exporter, folder / "exporters" / exporter.name)
    for recogniser in plugin.manifest.recognisers:
        place = folder / "recognisers" / recogniser.name
        yield check_recogniser(studio, plugin, recogniser, place)


def check_exporter(studio: Studio, plugin: Plugin, exporter: NamedEntry, folder: Path) -> Check:
    """Run an operation whose output has the exporter's kind, and ask for its format."""
    name = f"exporter {exporter.name}: writes what an operation gives"
    if not (found := writable(studio, plugin, exporter)):
        detail = f"no operation that can be tried here gives a {exporter.kind}"
        return Check(name=name, outcome="skip", detail=detail)
    subject = subject_of(studio, *found[0], folder)
    return run_once(name, replace(subject, formats=(exporter.name,)), folder)


def writable(studio: Studio, plugin: Plugin, exporter: NamedEntry) -> list[OperationOfPlugin]:
    """Return the operations whose output an exporter may write, those that name it first."""
    named: list[OperationOfPlugin] = []
    others: list[OperationOfPlugin] = []
    for one, entry in operations(studio, plugin):
        if formats := [port.formats for port in entry.outputs if port.kind == exporter.kind]:
            (named if exporter.name in chain(*formats) else others).append((one, entry))
    return named + others


def check_recogniser(
    studio: Studio, plugin: Plugin, recogniser: RecogniserEntry, folder: Path
) -> Check:
    """Run an operation with the recogniser in place of a model."""
    name = f"recogniser {recogniser.name}: recognises a sample"
    found = FoundRecogniser(plugin=plugin, entry=recogniser)
    if recogniser.files:
        files = ", ".join(recogniser.files)
        return Check(name=name, outcome="skip", detail=f"it needs a model of yours with {files}")
    if found.missing:
        return Check(name=name, outcome="skip", detail=f"{', '.join(found.missing)} not installed")
    for other, entry in operations(studio, plugin):
        if recogniser.task in entry.model_tasks():
            subject = subject_of(studio, other, entry, folder)
            return run_once(name, replace(subject, model=recogniser.name), folder)
    detail = f"no operation here uses models of {recogniser.task}"
    return Check(name=name, outcome="skip", detail=detail)


def operations(studio: Studio, plugin: Plugin) -> Iterator[OperationOfPlugin]:
    """Yield the operations that can be tried without a training, the plugin's own first."""
    runs: Mapping[str, Path] = {}
    others = [one for one in studio.catalogue.plugins if one.id != plugin.id]
    for one in (plugin, *others):
        for entry in one.manifest.operations:
            if not (without_sample(entry) or without_model(studio, one, entry, runs)):
                yield one, entry


def subject_of(studio: Studio, plugin: Plugin, entry: OperationEntry, folder: Path) -> Subject:
    """Return an operation with sample inputs."""
    folder.mkdir(parents=True)
    inputs = sample_inputs(entry, folder)
    return Subject(studio=studio, plugin=plugin, entry=entry, inputs=inputs)


def run_once(name: str, subject: Subject, folder: Path) -> Check:
    """Run an operation; the check fails if it does, or gives no file."""
    events = subject.run(folder / "out")
    faults = [*failures(events), *missing(subject.entry, events)]
    return check_result(name, "; ".join(faults[:1]), f"{subject.plugin.id} {subject.entry.name}")
