"""The hooks that a plugin may implement. Each docstring is the contract.

A plugin module implements a hook as a function of the same name, decorated with `hookimpl`, that
takes no arguments. All hooks are optional, and all run in a worker process, never in the process
of the command line or the app. The host calls a hook at most once per worker, when a job first
needs it. An implementation therefore only builds the objects: it opens no file, device or
connection and loads no model.

The `name` attributes of the returned objects must equal the names in the manifest section that the
hook belongs to. If they differ, or if the hook raises an exception, the job fails with an error
that names the plugin and the hook.
"""

from collections.abc import Iterable

import pluggy

from seqstudio.contracts.formats import Exporter, Importer, Metric, PartSpec, TrainCallback
from seqstudio.contracts.job import Operation
from seqstudio.contracts.recogniser import Recogniser
from seqstudio.contracts.task import Task

hookspec = pluggy.HookspecMarker("seqstudio")
hookimpl = pluggy.HookimplMarker("seqstudio")


@hookspec
def seqstudio_tasks() -> Iterable[Task]:
    """Return the tasks that this plugin can train and evaluate.

    The names must equal the manifest's `[[tasks]]`. Where the manifest describes presets and
    options, they must have the same names, types and values as in the code.
    """


@hookspec
def seqstudio_operations() -> Iterable[Operation]:
    """Return the operations that users can run from the command line and the app.

    The names must equal the manifest's `[[operations]]`.
    """


@hookspec
def seqstudio_recognisers() -> Iterable[Recogniser]:
    """Return recognisers that stand in for the models of a task, such as `speech.ctc`.

    A job loads the one that the user chose with `--model`. Its operation cuts the recording,
    hands over pieces, and does everything else as with its own models. The names must equal the
    manifest's `[[recognisers]]`.
    """


@hookspec
def seqstudio_parts() -> Iterable[PartSpec]:
    """Return model components, which model configurations can then refer to by name.

    Called before a model is built. Each name must begin with the plugin's id and a dot, and the
    names must equal the manifest's `[[parts]]`. A bundle records the plugin of each such part
    that its model uses, and cannot be loaded without it.
    """


@hookspec
def seqstudio_importers() -> Iterable[Importer]:
    """Return readers of data sets.

    An importer is used for every task whose manifest entry lists the importer's `kind` under
    `data`, including tasks of other plugins. Those of the task's own plugin come first, then the
    task itself, then one importer of another plugin; if several of these recognise a source, the
    user is asked to name one. The names must equal the manifest's `[[importers]]`.
    """


@hookspec
def seqstudio_exporters() -> Iterable[Exporter]:
    """Return writers that add file formats to a kind of output.

    An exporter's name is the format and the file suffix. The names must equal the manifest's
    `[[exporters]]`. An exporter for a format that already exists is refused.
    """


@hookspec
def seqstudio_train_callbacks() -> Iterable[TrainCallback]:
    """Return callbacks that receive every event of a training run.

    A callback may ask for the training of a task of its own plugin to end; it cannot change the
    weights. The names must equal the manifest's `[[train_callbacks]]`.
    """


@hookspec
def seqstudio_metrics() -> Iterable[Metric]:
    """Return additional metrics for `seqstudio evaluate`.

    A metric applies to the task that it names. If that belongs to another plugin, the figures
    carry the id of the metric's own: `PLUGIN.NAME`. The names must equal the manifest's
    `[[metrics]]`.
    """
