"""Plugins in a worker: only those of the job; errors name the plugin and its hook."""

import importlib
import traceback
from collections.abc import Sequence
from typing import Any

import pluggy

from seqstudio.contracts import hookspecs
from seqstudio.contracts.manifest import SECTIONS, TaskEntry
from seqstudio.contracts.messages import PluginSource
from seqstudio.contracts.plain import from_plain
from seqstudio.errors import ConfigError, PluginError
from seqstudio.host.worker.task_check import check_task

HOOK_SECTIONS = tuple(one for one in SECTIONS if one != "models")  # each has a hook of its name


class Plugins:
    """The loaded plugins of a job: its owner first, then the extensions.

    Raises
    ------
    PluginError
        If a plugin cannot be imported or registered; the text names it.
    """

    def __init__(self, sources: Sequence[PluginSource]) -> None:
        self.owner = sources[0]
        self._sources = {source.id: source for source in sources}
        self._manager = pluggy.PluginManager("seqstudio")
        self._manager.add_hookspecs(hookspecs)
        self._contributions: dict[str, dict[str, dict[str, Any]]] = {}
        for source in sources:
            self._register(source)

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
                source.id: self._call_hook(source, section, calls.get(source.id))
                for source in self._sources.values()
            }
        return self._contributions[section]

    def all_contributions(self, section: str) -> list[Any]:
        """Return the objects that all plugins contribute to a section, the owner's first."""
        return [one for named in self.contributions(section).values() for one in named.values()]

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
