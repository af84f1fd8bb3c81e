"""The plugin store of one profile, as front ends use it."""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from seqstudio.errors import PluginError
from seqstudio.host.catalogue.catalogue import Catalogue, forget_scans, is_built_in
from seqstudio.host.catalogue.installed import (
    InstalledVersions,
    Receipt,
    plugin_info,
    read_installed,
    read_receipt,
    store_lock,
    without,
    write_installed,
)
from seqstudio.host.jobs.queue import Jobs
from seqstudio.host.profile import Profile
from seqstudio.host.store.crashes import forget_crashes
from seqstudio.host.store.install import InspectedPlugin, ignore_progress, inspect_source, install
from seqstudio.host.store.link import link, unlink
from seqstudio.host.store.refusals import forget_refusals
from seqstudio.services.atomic_files import os_errors_as

ACTIVE_STATES = ("queued", "running", "paused")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPlugin:
    """A plugin in the store, enabled or disabled."""

    id: str
    receipt: Receipt
    previous: str = ""  # the version that `rollback` returns to, or ""
    disabled: str = ""  # why it is disabled, or ""


class Store:
    """Installs, enables, disables and removes plugins; each change is atomic."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile

    def inspect(self, path: Path) -> InspectedPlugin:
        """Inspect a pack, a wheel, a folder of wheels, or a project; writes nothing.

        Raises
        ------
        PluginError
            If it is unsafe, damaged or incompatible with this installation.
        """
        return inspect_source(path, self.profile)

    def install(
        self,
        inspected: InspectedPlugin,
        *,
        accepted: str,
        on_progress: Callable[[str], None] = ignore_progress,
    ) -> None:
        """Install an inspected plugin.

        Parameters
        ----------
        accepted : the hash of the consent sheet that the user agreed to
        on_progress : called with each step as text

        Raises
        ------
        PluginError
            If it fails; the store is unchanged.
        """
        install(inspected, self.profile, accepted=accepted, on_progress=on_progress)

    def link(self, folder: Path) -> str:
        """Use a project in its folder, instead of an installed version; return the plugin's id.

        Raises
        ------
        PluginError
            If the folder holds no plugin, or another plugin has its id.
        """
        return link(folder, self.profile)

    def unlink(self, name: str) -> None:
        """Return to the installed version of a plugin, if there is one."""
        unlink(name, self.profile)

    def installed(self) -> tuple[StoredPlugin, ...]:
        """Return the store's plugins, except damaged ones, which `Catalogue.broken` lists.

        Raises
        ------
        PluginError
            If `plugins.json` is damaged.
        """
        installed = read_installed(self.profile)
        found = []
        for name, version in sorted(installed.current.items()):
            with contextlib.suppress(PluginError):
                receipt = read_receipt(self.profile, name, version)
                previous = self._version(name, installed.previous.get(name, ""))
                off = installed.disabled.get(name, "")
                found.append(
                    StoredPlugin(id=name, receipt=receipt, previous=previous, disabled=off)
                )
        return tuple(found)

    def names(self) -> tuple[str, ...]:
        """Return the ids of the store's plugins, including damaged ones.

        Raises
        ------
        PluginError
            If `plugins.json` is damaged.
        """
        return tuple(sorted(read_installed(self.profile).current))

    def disable(self, name: str, reason: str) -> None:
        """Disable a plugin, whether the store or pip installed it; its files stay.

        Raises
        ------
        PluginError
            If it is not installed.
        """
        self._check_known(name)
        with self._locked() as installed:
            write_installed(
                self.profile, replace(installed, disabled={**installed.disabled, name: reason})
            )

    def enable(self, name: str) -> None:
        """Enable a plugin again.

        Raises
        ------
        PluginError
            If it is not installed.
        """
        self._check_known(name)
        with self._locked() as installed:
            write_installed(
                self.profile, replace(installed, disabled=without(installed.disabled, name))
            )

    def rollback(self, name: str) -> str:
        """Return to the previous version and return its number; a second call undoes the first.

        Raises
        ------
        PluginError
            If there is no previous version, or it is damaged.
        """
        with self._locked() as installed:
            if name not in installed.previous:
                raise PluginError(f"plugin {name!r}: no previous version, expected one")
            old, new = installed.current[name], installed.previous[name]
            version = str(plugin_info(self.profile, name, new)["version"])
            write_installed(
                self.profile,
                replace(
                    installed,
                    current={**installed.current, name: new},
                    previous={**installed.previous, name: old},
                    disabled=without(installed.disabled, name),
                ),
            )
            return version

    def uninstall(self, name: str) -> None:
        """Remove all versions of a plugin from the store, and the link to its author's folder.

        What it kept for later jobs goes too. Its jobs stay, with their results.

        Raises
        ------
        PluginError
            If the plugin is not in the store, or a job uses it.
        """
        with self._locked() as installed:
            if name not in {*installed.current, *installed.linked}:
                self._refuse_removal(name, installed)
            if job := self._active_job(name):
                raise PluginError(
                    f"plugin {name!r} is in use by job {job}, expected that job to be finished"
                )
            write_installed(self.profile, installed.without(name))
            forget_refusals(self.profile, name)
            forget_crashes(self.profile, name)
            for folder in (self.profile.home / "plugins", self.profile.cache):
                shutil.rmtree(folder / name, ignore_errors=True)
                with contextlib.suppress(OSError):  # not empty: those of other plugins are in it
                    folder.rmdir()
        forget_scans(self.profile)

    def jobs_of(self, name: str) -> int:
        """Return the number of a plugin's jobs, which stay with their results when it goes."""
        if not self.profile.database.exists():
            return 0
        return sum(job.plugin == name for job in Jobs(self.profile.database).list())

    def _version(self, name: str, folder: str) -> str:
        """Return the version in a folder, or "" if there is none or it is damaged."""
        with contextlib.suppress(PluginError):
            return read_receipt(self.profile, name, folder).version if folder else ""
        return ""

    @contextlib.contextmanager
    def _locked(self) -> Iterator[InstalledVersions]:
        """Hold the store's lock, and yield the state to change."""
        with os_errors_as(PluginError, self.profile.home), store_lock(self.profile):
            yield read_installed(self.profile)

    def _check_known(self, name: str) -> None:
        catalogue = Catalogue.load(self.profile, include_disabled=True)
        known = {plugin.id for plugin in catalogue.plugins}
        known |= set(read_installed(self.profile).current)
        if name not in known:
            raise PluginError(f"no plugin {name!r}, expected one of: {', '.join(sorted(known))}")

    def _refuse_removal(self, name: str, installed: InstalledVersions) -> None:
        """Raise an error that says why a plugin outside the store cannot be removed."""
        plugins = Catalogue.load(self.profile, include_disabled=True).plugins
        if plugin := next((each for each in plugins if each.id == name), None):
            where = "is built in" if is_built_in(plugin.distribution) else "was installed by pip"
            raise PluginError(
                f"plugin {name!r} {where}, expected one that was installed here; "
                f"`seqstudio plugins disable {name}` switches it off"
            )
        names = ", ".join(sorted(installed.current)) or "none"
        raise PluginError(f"no plugin {name!r} was installed here, expected one of: {names}")

    def _active_job(self, name: str) -> int:
        """Return the number of an unfinished job that uses a plugin, or 0."""
        if not self.profile.database.exists():
            return 0
        jobs = Jobs(self.profile.database).list()
        active = (job.id for job in jobs if job.plugin == name and job.state in ACTIVE_STATES)
        return next(active, 0)
