"""The store of one profile: what a front end asks of it."""

import contextlib
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from seqstudio.errors import PluginError
from seqstudio.host.catalogue.catalogue import Catalogue, in_the_box
from seqstudio.host.catalogue.installed import (
    Pointer,
    Receipt,
    locked,
    pointer_file,
    read_pointer,
    read_receipt,
    record_of,
    write_pointer,
)
from seqstudio.host.jobs.queue import Jobs
from seqstudio.host.profile import Profile
from seqstudio.host.store.install import Offer, inspect_source, install, silent
from seqstudio.services.atomic_files import faults_as

V = TypeVar("V")
AT_WORK = ("queued", "running", "paused")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A plugin of the store, in use or switched off."""

    id: str
    receipt: Receipt
    previous: str = ""  # the version that `rollback` goes back to
    disabled: str = ""  # why


class Store:
    """Installs, switches and removes plugins. Each change is one rename of `plugins.json`."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile

    def inspect(self, path: Path) -> Offer:
        """Inspect a wheel, a folder of wheels, or a project; writes nothing.

        Raises
        ------
        PluginError
            If anything speaks against it.
        """
        return inspect_source(path, self.profile)

    def install(self, offer: Offer, *, accepted: str, tell: Callable[[str], None] = silent) -> None:
        """Install what was inspected, and agreed to by the hash of its sheet.

        Parameters
        ----------
        tell : hears what is being done, in words

        Raises
        ------
        PluginError
            If it fails; the store is then as it was.
        """
        install(offer, self.profile, accepted=accepted, tell=tell)

    def installed(self) -> tuple[Stored, ...]:
        """Give the store's plugins but damaged ones, which the catalogue calls broken.

        Raises
        ------
        PluginError
            If the store's own file is damaged.
        """
        pointer = read_pointer(self.profile)
        found = []
        for name, version in sorted(pointer.current.items()):
            with contextlib.suppress(PluginError):
                receipt = read_receipt(self.profile, name, version)
                previous = self._version(name, pointer.previous.get(name, ""))
                off = pointer.disabled.get(name, "")
                found.append(Stored(id=name, receipt=receipt, previous=previous, disabled=off))
        return tuple(found)

    def names(self) -> tuple[str, ...]:
        """Give the ids of the store's plugins, damaged ones too.

        Raises
        ------
        PluginError
            If the store's own file is damaged.
        """
        return tuple(sorted(read_pointer(self.profile).current))

    def disable(self, name: str, reason: str) -> None:
        """Switch a plugin off; its files stay. Also one that Python's own installer put in place.

        Raises
        ------
        PluginError
            If it is not there.
        """
        self._check_known(name)
        with self._changed() as pointer:
            self._write(replace(pointer, disabled={**pointer.disabled, name: reason}))

    def enable(self, name: str) -> None:
        """Switch a plugin on again.

        Raises
        ------
        PluginError
            If it is not there.
        """
        self._check_known(name)
        with self._changed() as pointer:
            self._write(replace(pointer, disabled=without(pointer.disabled, name)))

    def rollback(self, name: str) -> str:
        """Go back to the version before, and give it; a second call undoes the first.

        Raises
        ------
        PluginError
            If there is none, or it is damaged.
        """
        with self._changed() as pointer:
            if name not in pointer.previous:
                raise PluginError(f"plugin {name!r}: no version before this one, expected one")
            old, new = pointer.current[name], pointer.previous[name]
            version = str(record_of(self.profile, name, new)["version"])
            self._write(
                replace(
                    pointer,
                    current={**pointer.current, name: new},
                    previous={**pointer.previous, name: old},
                    disabled=without(pointer.disabled, name),
                )
            )
            return version

    def uninstall(self, name: str) -> None:
        """Remove a plugin of the store with all its versions.

        Raises
        ------
        PluginError
            If the store has none of this name, or a job of it is at work.
        """
        with self._changed() as pointer:
            if name not in pointer.current:
                self._refuse_others(name, pointer)
            if job := self._job_at_work(name):
                raise PluginError(
                    f"plugin {name!r} is at work in job {job}, expected it to be over"
                )
            parts = [pointer.current, pointer.previous, pointer.disabled]
            current, previous, disabled = (without(part, name) for part in parts)
            self._write(Pointer(current=current, previous=previous, disabled=disabled))
            shutil.rmtree(self.profile.home / "plugins" / name, ignore_errors=True)
            with contextlib.suppress(OSError):  # others are still there
                (self.profile.home / "plugins").rmdir()

    def _version(self, name: str, folder: str) -> str:
        """Give the version that a folder holds; "" for none, or a damaged one."""
        with contextlib.suppress(PluginError):
            return read_receipt(self.profile, name, folder).version if folder else ""
        return ""

    @contextlib.contextmanager
    def _changed(self) -> Iterator[Pointer]:
        with faults_as(PluginError, self.profile.home), locked(self.profile):
            yield read_pointer(self.profile)

    def _write(self, pointer: Pointer) -> None:
        """Write the state; an empty one is no file, as before the first install."""
        if pointer == Pointer():
            pointer_file(self.profile).unlink(missing_ok=True)
        else:
            write_pointer(self.profile, pointer)

    def _check_known(self, name: str) -> None:
        known = [plugin.id for plugin in Catalogue.load(self.profile, everything=True).plugins]
        known += [one for one in read_pointer(self.profile).current if one not in known]
        if name not in known:
            raise PluginError(f"no plugin {name!r}, expected one of: {', '.join(sorted(known))}")

    def _refuse_others(self, name: str, pointer: Pointer) -> None:
        """Say why a plugin that the store has not put in place cannot be removed by it."""
        others = Catalogue.load(self.profile, everything=True).plugins
        if other := next((one for one in others if one.id == name), None):
            where = "is in the box" if in_the_box(other.distribution) else "was installed by pip"
            raise PluginError(
                f"plugin {name!r} {where}, expected one that was installed here; "
                f"`seqstudio plugins disable {name}` switches it off"
            )
        names = ", ".join(sorted(pointer.current)) or "none"
        raise PluginError(f"no plugin {name!r} was installed here, expected one of: {names}")

    def _job_at_work(self, name: str) -> int:
        if not self.profile.database.exists():
            return 0
        jobs = Jobs(self.profile.database).list()
        return next((job.id for job in jobs if job.plugin == name and job.state in AT_WORK), 0)


def without(table: Mapping[str, V], name: str) -> dict[str, V]:
    """Give a table without one name."""
    return {key: value for key, value in table.items() if key != name}
