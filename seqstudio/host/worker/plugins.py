"""Plugins in a worker: only those of the job; errors name the plugin and its hook.

An error of the plugin whose job it is ends the job. Another plugin is left out, with a notice.
"""

import importlib
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pluggy

from seqstudio.contracts import hookspecs
from seqstudio.contracts.formats import Importer
from seqstudio.contracts.manifest import SECTIONS, TaskEntry
from seqstudio.contracts.messages import PluginSource
from seqstudio.contracts.plain import from_plain
from seqstudio.errors import ConfigError, ModelError, PluginError
from seqstudio.host.worker.announcer import Announcer
from seqstudio.host.worker.extensions import (
    NamedCallback,
    NamedExporter,
    NamedImporter,
    NamedMetric,
    NamedRecogniser,
)
from seqstudio.host.worker.task_check import check_entries, check_task

HOOK_SECTIONS = tuple(one for one in SECTIONS if one != "models")  # each has a hook of its name


class Plugins:
    """The loaded plugins of a job: its owner first, then the extensions.

    Attributes
    ----------
    owner : the plugin whose job it is
    left_out : extension -> why it is not used

    Raises
    ------
    PluginError
        If the owner cannot be imported or registered.
    """

    def __init__(self, sources: Sequence[PluginSource], announcer: Announcer | None = None) -> None:
        self.owner = sources[0]
        self.left_out: dict[str, str] = {}
        self._announcer = announcer or Announcer(self.owner.id)
        self._sources = {source.id: source for source in sources}
        self._manager = pluggy.PluginManager("seqstudio")
        self._manager.add_hookspecs(hookspecs)
        self._contributions: dict[str, dict[str, dict[str, Any]]] = {}
        for source in sources:
            try:
                with self._announcer.acting(source.id):
                    self._register(source)
            except PluginError as error:
                self._leave_out(source, error)

    def contributions(self, section: str) -> dict[str, dict[str, Any]]:
        """Call a hook of every plugin, once; return plugin id -> name -> contributed object.

        Parameters
        ----------
        section : a section of the manifest, also the hook's name: "tasks", "operations", ...

        Raises
        ------
        PluginError
            If a plugin's hook fails, or returns other names than its manifest.
        """
        if section not in self._contributions:
            hook = getattr(self._manager.hook, f"seqstudio_{section}")
            calls = {impl.plugin_name: impl.function for impl in hook.get_hookimpls()}
            self._contributions[section] = {
                source.id: self._contributed(source, section, calls.get(source.id))
                for source in self._sources.values()
            }
        return self._contributions[section]

    def _contributed(self, source: PluginSource, section: str, call: Any) -> dict[str, Any]:
        if source.id in self.left_out:
            return {}
        try:
            with self._announcer.acting(source.id):
                return self._call_hook(source, section, call)
        except PluginError as error:
            self._leave_out(source, error)
            return {}

    def _leave_out(self, source: PluginSource, error: PluginError) -> None:
        """Go on without an extension; without the owner there is nothing to go on with."""
        if source is self.owner:
            raise error
        self.left_out[source.id] = str(error)
        notice = f"{error}; the job goes on without this plugin"
        self._announcer.notice(notice, left_out=source.id)

    def all_contributions(self, section: str) -> list[Any]:
        """Return the objects that all plugins contribute to a section, the owner's first."""
        return [one for named in self.contributions(section).values() for one in named.values()]

    def metrics(self) -> list[NamedMetric]:
        """Return the metrics of all plugins, whose figures carry the plugin's id."""
        return [
            NamedMetric(metric, plugin, self._announcer)
            for plugin, named in self.contributions("metrics").items()
            for metric in named.values()
        ]

    def callbacks(self) -> list[NamedCallback]:
        """Return the training callbacks of all plugins; only the owner's may end a training."""
        return [
            NamedCallback(callback, plugin, self._announcer, own=plugin == self.owner.id)
            for plugin, named in self.contributions("train_callbacks").items()
            for callback in named.values()
        ]

    def own_importers(self) -> list[Importer]:
        """Return the importers of the owner."""
        return [*self.contributions("importers")[self.owner.id].values()]

    def other_importers(self) -> list[NamedImporter]:
        """Return the importers of the extensions."""
        return [
            NamedImporter(importer, plugin, self._announcer)
            for plugin, named in self.contributions("importers").items()
            for importer in named.values()
            if plugin != self.owner.id
        ]

    def exporters(self) -> list[NamedExporter]:
        """Return the exporters of all plugins, the owner's first."""
        return [
            NamedExporter(exporter, plugin, self._announcer)
            for plugin, named in self.contributions("exporters").items()
            for exporter in named.values()
        ]

    def load_recogniser(self, name: str, folder: Path | None, threads: int) -> NamedRecogniser:
        """Load the recogniser of this name, whichever plugin offers it.

        Raises
        ------
        ModelError
            If its plugin is left out, or the recogniser cannot be loaded.
        """
        for plugin, named in self.contributions("recognisers").items():
            if name in named:
                with self._announcer.acting(plugin):
                    loaded = named[name].load(folder, threads)
                return NamedRecogniser(loaded, plugin, self._announcer)
        why = self.reason_left_out(self._sources)
        raise ModelError(f"no recogniser {name!r} in the plugins of this job{why}")

    def reason_left_out(self, plugins: Iterable[str]) -> str:
        """Return why one of these plugins is left out, as the end of an error; "" if none is."""
        return next((f"; {self.left_out[one]}" for one in plugins if one in self.left_out), "")

    def own(self, section: str, name: str) -> Any:
        """Return the owner's contribution with a name.

        Raises
        ------
        PluginError
            If there is none; the text lists those there are.
        """
        named = self.contributions(section)[self.owner.id]
        if name not in named:
            names = ", ".join(named) or "none"
            raise PluginError(f"{self.owner.id}: no {section} {name!r}, expected one of: {names}")
        return named[name]

    def describe(self) -> dict[str, Any]:
        """Call every hook; return section -> names.

        Raises
        ------
        PluginError
            If a hook fails, or returns other names than its manifest.
        """
        return {section: [*self.contributions(section)[self.owner.id]] for section in HOOK_SECTIONS}

    def _register(self, source: PluginSource) -> None:
        try:
            module = importlib.import_module(source.module)
            self._manager.register(module, name=source.id)
            self._manager.check_pending()
        except (Exception, SystemExit) as error:
            raise _plugin_error(source, f"importing {source.module}", error) from error

    def _call_hook(self, source: PluginSource, section: str, call: Any) -> dict[str, Any]:
        try:
            found = {one.name: one for one in (call() if call else ())}
        except (Exception, SystemExit) as error:
            raise _plugin_error(source, f"seqstudio_{section}", error) from error
        declared = {entry["name"] for entry in source.manifest.get(section, ())}
        if set(found) != declared:
            raise PluginError(
                f"plugin {source.id!r}: seqstudio_{section} gives {sorted(found)}, "
                f"expected {sorted(declared)} as in its manifest"
            )
        if section == "tasks":
            _check_tasks(source, found)
        else:
            check_entries(source, section, found)
        return found


def _check_tasks(source: PluginSource, found: dict[str, Any]) -> None:
    for table in source.manifest.get("tasks", ()):
        entry = from_plain(TaskEntry, table, source.id, error=PluginError)
        try:
            check_task(entry, found[entry.name])
        except (ConfigError, PluginError) as error:
            raise PluginError(f"plugin {source.id!r}: task {entry.name!r}: {error}") from error


def _plugin_error(source: PluginSource, where: str, error: BaseException) -> PluginError:
    """Print the traceback to the log; return an error that names the plugin in one line."""
    traceback.print_exception(error)
    return PluginError(f"plugin {source.id!r}: {where}: {type(error).__name__}: {error}")
