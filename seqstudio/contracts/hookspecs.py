"""The hooks of a plugin. Each docstring is the contract; the host names who breaks it."""

from collections.abc import Iterable

import pluggy

from seqstudio.contracts.formats import Exporter, Importer, Metric, PartOffer, TrainCallback
from seqstudio.contracts.job import Operation
from seqstudio.contracts.task import Task

hookspec = pluggy.HookspecMarker("seqstudio")
hookimpl = pluggy.HookimplMarker("seqstudio")


@hookspec
def seqstudio_tasks() -> Iterable[Task]:
    """Offer tasks to the studio.

    Called in a worker, on first use: build cheaply, open nothing. The names must equal
    the manifest's `[[tasks]]`, and so must presets and settings where it describes them,
    else this plugin is refused, by name.
    """


@hookspec
def seqstudio_operations() -> Iterable[Operation]:
    """Offer operations.

    Called in a worker, on first use. The names must equal the manifest's `[[operations]]`.
    """


@hookspec
def seqstudio_parts() -> Iterable[PartOffer]:
    """Offer parts to the core's table, each named `plugin-id.name`.

    Called in a worker before a model is built; the names must equal the manifest's `[[parts]]`.
    """


@hookspec
def seqstudio_importers() -> Iterable[Importer]:
    """Offer readers of data sets.

    Called in a worker. An importer serves every task that names its data kind. The names must
    equal the manifest's `[[importers]]`.
    """


@hookspec
def seqstudio_exporters() -> Iterable[Exporter]:
    """Offer writers of outputs in further formats.

    Called in a worker. The names must equal the manifest's `[[exporters]]`; a format that
    exists already is refused.
    """


@hookspec
def seqstudio_train_callbacks() -> Iterable[TrainCallback]:
    """Offer listeners to training events.

    Called in the training worker. A callback is told of each event and may ask to stop; it
    never touches the weights. The names must equal the manifest's `[[train_callbacks]]`.
    """


@hookspec
def seqstudio_metrics() -> Iterable[Metric]:
    """Offer further metrics for `evaluate`.

    Called in a worker. The names must equal the manifest's `[[metrics]]`.
    """
