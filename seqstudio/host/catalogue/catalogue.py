"""The catalogue of installed plugins, read from their manifests: no plugin is imported.

The result of a scan is cached as JSON in the profile. The cache is valid while every folder of
`sys.path` and every manifest has the same stamp as at the scan. `--help` imports this module, so
it imports nothing slow until a manifest or a scan is needed.
"""

# pathlib would cost 8 ms of the 60 that --help may take.
# ruff: noqa: PTH100, PTH103, PTH105, PTH110, PTH118, PTH120, PTH123
import json
import os
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from seqstudio import __version__
from seqstudio.errors import JobError
from seqstudio.host.catalogue.file_stamp import FileStamp, file_stamp
from seqstudio.host.profile import Profile

if TYPE_CHECKING:
    from pathlib import Path

    from seqstudio.contracts.manifest import Manifest, ModelEntry, OperationEntry, TaskEntry

FORMAT = 2  # of the cached scan
CACHE, SCAN = "cache", "catalogue-"  # the folder of cached scans, and how their names begin
# distributions
BUILT_IN = ("seqstudio-forecast", "seqstudio-music", "seqstudio-speech", "seqstudio-text")
SAFE_MODE = "SEQSTUDIO_SAFE_MODE"  # set by `--safe-mode`, and inherited by every child process
SAFE_MODE_REASON = "safe mode: only built-in plugins"

PluginInfo = Mapping[str, Any]  # JSON: what a scan found out about one plugin


class Plugin:
    """One installed plugin. The scan has checked its manifest, which is parsed on first use."""

    __slots__ = ("_manifest", "distribution", "id", "module", "root", "table", "title", "version")

    def __init__(self, info: PluginInfo) -> None:
        self.table: Mapping[str, Any] = info["table"]  # the manifest as parsed TOML
        self.id: str = self.table["id"]
        self.title: str = self.table["title"]
        self.root: str = info["root"]
        self.module: str = info["module"]  # the module that the entry point names
        self.distribution: str = info["distribution"]
        self.version: str = info["version"]
        self._manifest: Manifest | None = None

    @property
    def manifest(self) -> "Manifest":
        """The parsed manifest."""
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
        """Return the operation with this name.

        Raises
        ------
        JobError
            If there is none; the text lists the plugin's operations.
        """
        for entry in self.manifest.operations:
            if entry.name == name:
                return entry
        names = ", ".join(entry.name for entry in self.manifest.operations) or "none"
        raise JobError(f"{self.id} has no operation {name!r}, expected one of: {names}")


class Catalogue:
    """The plugins in use, and why others are broken or disabled.

    Attributes
    ----------
    plugins : the plugins in use, sorted by id
    broken : name -> why the plugin cannot be used
    disabled : id -> why the plugin is switched off
    """

    def __init__(
        self, plugins: Iterable[PluginInfo], broken: Mapping[str, str], disabled: Mapping[str, str]
    ) -> None:
        self.plugins = tuple(Plugin(info) for info in plugins)
        self.broken = dict(broken)
        self.disabled = dict(disabled)

    @classmethod
    def load(cls, profile: Profile, *, include_disabled: bool = False) -> "Catalogue":
        """Return the cached scan if it is still valid, else scan again and cache the result.

        Parameters
        ----------
        profile : its store's plugins are listed with those that Python's installers installed
        include_disabled : return disabled plugins like the others
        """
        paths = search_path()
        file = os.path.join(profile.root, CACHE, f"{SCAN}{_digest(paths)}.json")
        installed = _read_text(os.path.join(profile.root, "plugins.json"))
        scan = _read_cache(file)
        if scan is None or scan["store"] != installed or not _is_current(scan["stamps"]):
            from seqstudio.host.catalogue import discovery

            scan = {**discovery.scan(paths, profile), "store": installed}
            _write_cache(profile, file, {"format": FORMAT, "studio": __version__, **scan})
        plugins, disabled = scan["plugins"], scan["disabled"]
        if in_safe_mode():
            disabled = {
                info["table"]["id"]: SAFE_MODE_REASON
                for info in plugins
                if not is_built_in(info["distribution"])
            }
        if include_disabled:
            disabled = {}
        enabled = [info for info in plugins if info["table"]["id"] not in disabled]
        return cls(enabled, scan["broken"], disabled)

    def plugin(self, name: str) -> Plugin:
        """Return the plugin with this id.

        Raises
        ------
        JobError
            If it is not installed, broken or disabled; the text says which.
        """
        for plugin in self.plugins:
            if plugin.id == name:
                return plugin
        if name in self.broken:
            raise JobError(f"plugin {name!r} is refused: {self.broken[name]}")
        if name in self.disabled:
            remedy = f"`seqstudio plugins enable {name}` switches it on"
            if self.disabled[name] == SAFE_MODE_REASON:
                remedy = "start without --safe-mode to use it"
            raise JobError(f"plugin {name!r} is switched off: {self.disabled[name]}; {remedy}")
        names = ", ".join(plugin.id for plugin in self.plugins) or "none"
        raise JobError(f"no plugin {name!r}, expected one of: {names}")

    def task(self, name: str) -> "tuple[Plugin, TaskEntry]":
        """Return the task with this name and the plugin that provides it.

        Raises
        ------
        JobError
            If no plugin provides it; the text lists all tasks.
        """
        tasks = [(plugin, task) for plugin in self.plugins for task in plugin.manifest.tasks]
        for plugin, task in tasks:
            if task.name == name:
                return plugin, task
        names = ", ".join(task.name for _, task in tasks) or "none"
        raise JobError(f"no task {name!r}, expected one of: {names}")

    def models(self) -> "tuple[tuple[Plugin, ModelEntry], ...]":
        """Return every model that a plugin ships, with its plugin."""
        return tuple((plugin, entry) for plugin in self.plugins for entry in plugin.manifest.models)


def search_path() -> list[str]:
    """Return the existing entries of `sys.path` as absolute paths, without the '' entry."""
    return [os.path.abspath(entry) for entry in sys.path if entry and os.path.exists(entry)]


def is_built_in(distribution: str) -> bool:
    """Whether the plugin of this distribution comes with SeqStudio.

    >>> is_built_in("seqstudio_speech"), is_built_in("parrot")
    (True, False)
    """
    return distribution.lower().replace("_", "-") in BUILT_IN


def in_safe_mode() -> bool:
    """Whether only built-in plugins may be used."""
    return bool(os.environ.get(SAFE_MODE))


def forget_scans(profile: Profile) -> None:
    """Remove the cached scans of every import path: each holds the manifests of all plugins."""
    for file in profile.home.joinpath(CACHE).glob(f"{SCAN}*.json"):
        file.unlink(missing_ok=True)


def _digest(paths: Iterable[str]) -> str:
    from _blake2 import blake2b  # hashlib loads OpenSSL, which takes as long as reading the cache

    return blake2b("\n".join(paths).encode(), digest_size=8).hexdigest()


def _is_current(stamps: Mapping[str, FileStamp]) -> bool:
    return all(file_stamp(path) == stamp for path, stamp in stamps.items())


def _read_text(file: str) -> str | None:
    try:
        with open(file, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return None


def _read_cache(file: str) -> dict[str, Any] | None:
    try:
        with open(file, encoding="utf-8") as stream:
            scan: dict[str, Any] = json.load(stream)
        valid = scan["format"] == FORMAT and scan["studio"] == __version__
    except (OSError, ValueError, KeyError, TypeError):  # a damaged cache is the same as none
        return None
    return scan if valid else None


def _write_cache(profile: Profile, file: str, scan: Mapping[str, Any]) -> None:
    """Write the cache atomically; in a read-only profile, leave it unwritten."""
    temporary = f"{file}.{os.getpid()}"
    try:
        profile.create()
        os.makedirs(os.path.dirname(file), exist_ok=True)
        with open(temporary, "w", encoding="utf-8") as stream:
            json.dump(scan, stream)
        os.replace(temporary, file)
    except OSError:
        return
