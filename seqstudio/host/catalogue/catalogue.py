"""The catalogue of installed plugins, from their manifests: no plugin is imported.

What a scan found is kept as JSON in the profile, and holds as long as every folder of `sys.path`
and every manifest has the time and size it had then. This module is on the path of `--help`, so
it imports nothing that costs milliseconds before a manifest or a scan is asked for.
"""

# pathlib would cost 8 ms of the 60 that --help may take.
# ruff: noqa: PTH100, PTH103, PTH105, PTH110, PTH116, PTH118, PTH120, PTH123
import json
import os
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from seqstudio import __version__
from seqstudio.errors import JobError
from seqstudio.host.profile import Profile

if TYPE_CHECKING:
    from pathlib import Path

    from seqstudio.contracts.manifest import Manifest, ModelEntry, OperationEntry, TaskEntry

FORMAT = 2  # of the kept scan
IN_THE_BOX = ("seqstudio-music", "seqstudio-speech")  # distributions
SAFE_MODE = "SEQSTUDIO_SAFE_MODE"  # set by `--safe-mode`, and heard by every process below
SAFE_MODE_REASON = "safe mode: only plugins in the box"

Record = Mapping[str, Any]  # JSON: one plugin, as a scan found it
Stamp = list[int] | None  # time in ns and size; None: not there


class Plugin:
    """One installed plugin. The manifest was checked when it was scanned; it is built on use."""

    __slots__ = ("_manifest", "distribution", "id", "module", "root", "table", "title", "version")

    def __init__(self, record: Record) -> None:
        self.table: Mapping[str, Any] = record["table"]  # the manifest, as TOML gave it
        self.id: str = self.table["id"]
        self.title: str = self.table["title"]
        self.root: str = record["root"]
        self.module: str = record["module"]  # what the entry point names
        self.distribution: str = record["distribution"]
        self.version: str = record["version"]
        self._manifest: Manifest | None = None

    @property
    def manifest(self) -> "Manifest":
        """All that the plugin says of itself."""
        if self._manifest is None:
            from seqstudio.contracts.manifest import Manifest
            from seqstudio.contracts.plain import from_plain

            self._manifest = from_plain(Manifest, self.table, self.id)
        return self._manifest

    @property
    def folder(self) -> "Path":
        """The plugin's top package."""
        from pathlib import Path

        return Path(self.root)

    def operation(self, name: str) -> "OperationEntry":
        """Find an operation.

        Raises
        ------
        JobError
            If there is none of this name; the text lists those there are.
        """
        for entry in self.manifest.operations:
            if entry.name == name:
                return entry
        names = ", ".join(entry.name for entry in self.manifest.operations) or "none"
        raise JobError(f"{self.id} has no operation {name!r}, expected one of: {names}")


class Catalogue:
    """The plugins that are installed, and by name why others were refused or are switched off."""

    def __init__(
        self, records: Iterable[Record], broken: Mapping[str, str], disabled: Mapping[str, str]
    ) -> None:
        self.plugins = tuple(Plugin(record) for record in records)
        self.broken = dict(broken)
        self.disabled = dict(disabled)

    @classmethod
    def load(cls, profile: Profile, *, everything: bool = False) -> "Catalogue":
        """Read the kept scan where it still holds, else scan anew and keep that.

        Parameters
        ----------
        profile : its store's plugins come beside those that Python's own installers put in place
        everything : also those that are switched off
        """
        paths = search_path()
        file = os.path.join(profile.root, "cache", f"catalogue-{_key(paths)}.json")
        store = _text(os.path.join(profile.root, "plugins.json"))
        kept = _read(file)
        if kept is None or kept["store"] != store or not _holds(kept["stamps"]):
            from seqstudio.host.catalogue import discovery

            kept = {**discovery.scan(paths, profile), "store": store}
            _keep(file, {"format": FORMAT, "studio": __version__, **kept})
        records, off = kept["plugins"], kept["disabled"]
        if in_safe_mode():
            off = {
                r["table"]["id"]: SAFE_MODE_REASON
                for r in records
                if not in_the_box(r["distribution"])
            }
        if everything:
            off = {}
        return cls([r for r in records if r["table"]["id"] not in off], kept["broken"], off)

    def plugin(self, name: str) -> Plugin:
        """Find a plugin by its id.

        Raises
        ------
        JobError
            If it is not installed, or was refused; the text says which.
        """
        for plugin in self.plugins:
            if plugin.id == name:
                return plugin
        if name in self.broken:
            raise JobError(f"plugin {name!r} is refused: {self.broken[name]}")
        if name in self.disabled:
            way = f"`seqstudio plugins enable {name}` switches it on"
            if self.disabled[name] == SAFE_MODE_REASON:
                way = "start without --safe-mode to use it"
            raise JobError(f"plugin {name!r} is switched off: {self.disabled[name]}; {way}")
        names = ", ".join(plugin.id for plugin in self.plugins) or "none"
        raise JobError(f"no plugin {name!r}, expected one of: {names}")

    def task(self, name: str) -> "tuple[Plugin, TaskEntry]":
        """Find a task and the plugin that brings it.

        Raises
        ------
        JobError
            If no plugin brings it; the text lists the tasks there are.
        """
        every = [(plugin, task) for plugin in self.plugins for task in plugin.manifest.tasks]
        for plugin, task in every:
            if task.name == name:
                return plugin, task
        names = ", ".join(task.name for _, task in every) or "none"
        raise JobError(f"no task {name!r}, expected one of: {names}")

    def models(self) -> "tuple[tuple[Plugin, ModelEntry], ...]":
        """Give every model that a plugin ships."""
        return tuple((plugin, entry) for plugin in self.plugins for entry in plugin.manifest.models)


def search_path() -> list[str]:
    """Give the folders and archives of `sys.path`, absolute, without the current folder's ''."""
    return [os.path.abspath(entry) for entry in sys.path if entry and os.path.exists(entry)]


def in_the_box(distribution: str) -> bool:
    """Whether a plugin came with the studio.

    >>> in_the_box("seqstudio_speech"), in_the_box("parrot")
    (True, False)
    """
    return distribution.lower().replace("_", "-") in IN_THE_BOX


def in_safe_mode() -> bool:
    """Whether only the plugins in the box are to be used."""
    return bool(os.environ.get(SAFE_MODE))


def stamp(path: str) -> Stamp:
    """Give what tells a changed file or folder from an unchanged one."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return [found.st_mtime_ns, found.st_size]


def _key(paths: Iterable[str]) -> str:
    from _blake2 import blake2b  # hashlib loads OpenSSL, which costs what reading the cache costs

    return blake2b("\n".join(paths).encode(), digest_size=8).hexdigest()


def _holds(stamps: Mapping[str, Stamp]) -> bool:
    return all(stamp(path) == was for path, was in stamps.items())


def _text(file: str) -> str | None:
    try:
        with open(file, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return None


def _read(file: str) -> dict[str, Any] | None:
    try:
        with open(file, encoding="utf-8") as stream:
            kept: dict[str, Any] = json.load(stream)
        sound = kept["format"] == FORMAT and kept["studio"] == __version__
    except (OSError, ValueError, KeyError, TypeError):  # damaged is as good as none
        return None
    return kept if sound else None


def _keep(file: str, kept: Mapping[str, Any]) -> None:
    """Write the cache whole or not at all; a read-only profile only costs time."""
    temporary = f"{file}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(file), exist_ok=True)
        with open(temporary, "w", encoding="utf-8") as stream:
            json.dump(kept, stream)
        os.replace(temporary, file)
    except OSError:
        return
