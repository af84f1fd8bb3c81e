"""What the plugins of a job contribute to a training or an evaluation."""

from collections.abc import Mapping
from typing import Any

from seqstudio.contracts.messages import Start
from seqstudio.contracts.task import Task
from seqstudio.core.parts import with_plugin_parts
from seqstudio.host.worker.plugins import Plugins
from seqstudio.media.exporters import built_in_exporters
from seqstudio.services.train_job import PluginContext


def plugin_context(start: Start, plugins: Plugins, task: Task) -> PluginContext:
    """Return what the plugins contribute to a training of a task."""
    parts = plugins.contributions("parts")
    return PluginContext(
        plugin=start.plugin.id,
        plugin_version=start.plugin.version,
        kinds=data_kinds(start, task),
        importers=plugins.own_importers(),
        other_importers=plugins.other_importers(),
        exporters=(*built_in_exporters(), *plugins.exporters()),
        callbacks=plugins.callbacks(),
        parts=with_plugin_parts(plugins.all_contributions("parts")),
        requires=_required_plugins(start, parts),
    )


def data_kinds(start: Start, task: Task) -> tuple[str, ...]:
    """Return the kinds of data of a task, from its plugin's manifest."""
    entries = start.plugin.manifest.get("tasks", ())
    return tuple(next(entry["data"] for entry in entries if entry["name"] == task.name))


def _required_plugins(start: Start, parts: Mapping[str, Mapping[str, Any]]) -> Mapping[str, str]:
    """Return the plugin and minimum version that provides each part."""
    versions = {one.id: one.version for one in (start.plugin, *start.extensions)}
    return {name: f"{owner}>={versions[owner]}" for owner, named in parts.items() for name in named}
