"""Plugins inside a worker: exactly those of the job, each hook guarded, its names checked."""

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
from seqstudio.host.worker.task_check import check_described

OFFERED = tuple(one for one in SECTIONS if one != "models")  # each by a hook of its name


class Plugins:
    """The owner of a job, then its extensions.

    Raises
    ------
    PluginError
        If one cannot be imported or registered; the text names it.
    """

    def __init__(self, sources: Sequence[PluginSource]) -> None:
        self.owner = sources[0]
        self._sources = {source.id: source for source in sources}
        self._manager = pluggy.PluginManager("seqstudio")
        self._manager.add_hookspecs(hookspecs)
        self._offers: dict[str, dict[str, dict[str, Any]]] = {}
        for source in sources:
            self._register(source)

    def offers(self, section: str) -> dict[str, dict[str, Any]]:
        """Call a hook of every plugin, once: plugin id -> name -> what it offers.

        Parameters
        ----------
        section : a section of the manifest, which names the hook too: "tasks", "operations", ...

        Raises
        ------
        PluginError
            If a plugin's hook fails, or gives other names than its manifest.
        """
        if section not in self._offers:
            hook = getattr(self._manager.hook, f"seqstudio_{section}")
            calls = {impl.plugin_name: impl.function for impl in hook.get_hookimpls()}
            self._offers[section] = {
                source.id: self._offer(source, section, calls.get(source.id))
                for source in self._sources.values()
            }
        return self._offers[section]

    def all_offers(self, section: str) -> list[Any]:
        """Give what every plugin offers under a section, the owner's first."""
        return [one for offers in self.offers(section).values() for one in offers.values()]

    def own(self, section: str, name: str) -> Any:
        """Give what the owner offers under a name.

        Raises
        ------
        PluginError
            If it offers none; the text lists those it does.
        """
        offers = self.offers(section)[self.owner.id]
        if name not in offers:
            names = ", ".join(offers) or "none"
            raise PluginError(f"{self.owner.id}: no {section} {name!r}, expected one of: {names}")
        return offers[name]

    def describe(self) -> dict[str, Any]:
        """Call every hook; give what is offered: section -> names.

        Raises
        ------
        PluginError
            If a hook fails, or gives other names than its manifest.
        """
        return {section: [*self.offers(section)[self.owner.id]] for section in OFFERED}

    def _register(self, source: PluginSource) -> None:
        try:
            module = importlib.import_module(source.module)
            self._manager.register(module, name=source.id)
            self._manager.check_pending()
        except (Exception, SystemExit) as bad:
            raise _blame(source, f"importing {source.module}", bad) from bad

    def _offer(self, source: PluginSource, section: str, call: Any) -> dict[str, Any]:
        try:
            found = {one.name: one for one in (call() if call else ())}
        except (Exception, SystemExit) as bad:
            raise _blame(source, f"seqstudio_{section}", bad) from bad
        promised = {entry["name"] for entry in source.manifest.get(section, ())}
        if set(found) != promised:
            raise PluginError(
                f"plugin {source.id!r}: seqstudio_{section} gives {sorted(found)}, "
                f"expected {sorted(promised)} as in its manifest"
            )
        if section == "tasks":
            _check_tasks(source, found)
        return found


def _check_tasks(source: PluginSource, found: dict[str, Any]) -> None:
    for table in source.manifest.get("tasks", ()):
        entry = from_plain(TaskEntry, table, source.id, error=PluginError)
        try:
            check_described(entry, found[entry.name])
        except (ConfigError, PluginError) as bad:
            raise PluginError(f"plugin {source.id!r}: task {entry.name!r}: {bad}") from bad


def _blame(source: PluginSource, where: str, bad: BaseException) -> PluginError:
    """Keep the traceback in the log, and name the plugin in one line."""
    traceback.print_exception(bad)
    return PluginError(f"plugin {source.id!r}: {where}: {type(bad).__name__}: {bad}")
