"""The installed plugins: which version of each is in use (`plugins.json`), and its receipt.

`plugins.json` is replaced by one atomic rename, so that a crash leaves either the old or the new
state.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from seqstudio.contracts.manifest import parse_manifest
from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.errors import PluginError
from seqstudio.host.profile import Profile
from seqstudio.services.atomic_files import json_bytes, write_atomic

FORMAT = 1
RECEIPT = "receipt.json"
LIBRARY = "lib"

V = TypeVar("V")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedPlugin:
    """A plugin that is used in its author's folder, and may change there at any time."""

    folder: str  # of the project
    root: str  # the top package
    module: str
    distribution: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledVersions:
    """The contents of `plugins.json`. Versions are folder names, `VERSION-SHA8`."""

    format: int = FORMAT
    current: Mapping[str, str] = field(default_factory=dict)  # plugin id -> version in use
    previous: Mapping[str, str] = field(
        default_factory=dict
    )  # plugin id -> version to roll back to
    disabled: Mapping[str, str] = field(default_factory=dict)  # plugin id -> why
    linked: Mapping[str, LinkedPlugin] = field(default_factory=dict)  # instead of the current one

    @property
    def in_use(self) -> Mapping[str, str]:
        """The plugins of the store that jobs use: plugin id -> version."""
        return {name: one for name, one in self.current.items() if name not in self.linked}

    def without(self, plugin: str) -> "InstalledVersions":
        """Return what is left if a plugin goes."""
        return InstalledVersions(
            current=without(self.current, plugin),
            previous=without(self.previous, plugin),
            disabled=without(self.disabled, plugin),
            linked=without(self.linked, plugin),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the user agreed to when a version was installed, and what the catalogue needs of it."""

    table: Mapping[str, Any]  # the manifest as parsed TOML
    package: str  # the folder of the top package, inside LIBRARY
    module: str
    distribution: str
    version: str
    sha256: str
    source: str  # the file or folder it came from
    size: int
    files: Mapping[str, str]  # sha256 of every file in LIBRARY, bytecode included, by its path
    native: tuple[str, ...] = ()
    dependencies: Mapping[str, str] = field(
        default_factory=dict
    )  # installed with it: name -> version


def installed_file(profile: Profile) -> Path:
    """Return the path of `plugins.json`."""
    return profile.home / "plugins.json"


def version_folder(profile: Profile, plugin: str, version: str) -> Path:
    """Return the folder of one version of a plugin."""
    return profile.home / "plugins" / plugin / version


def read_installed(profile: Profile) -> InstalledVersions:
    """Read `plugins.json`; without the file, nothing is installed.

    Raises
    ------
    PluginError
        If the file is damaged.
    """
    file = installed_file(profile)
    try:
        table = json.loads(file.read_bytes())
    except FileNotFoundError:
        return InstalledVersions()
    except (OSError, ValueError) as error:
        raise PluginError(f"{file}: {error}, expected JSON") from error
    installed = from_plain(InstalledVersions, table, str(file), error=PluginError)
    if installed.format != FORMAT:
        raise PluginError(f"{file}: format={installed.format}, expected {FORMAT}")
    return installed


def without(table: Mapping[str, V], name: str) -> dict[str, V]:
    """Return a copy of a table without one name."""
    return {key: value for key, value in table.items() if key != name}


def write_installed(profile: Profile, installed: InstalledVersions) -> None:
    """Replace `plugins.json` atomically; the change survives a loss of power.

    If there is nothing to remember, the file is removed.
    """
    if installed == InstalledVersions():
        installed_file(profile).unlink(missing_ok=True)
        return
    write_atomic(installed_file(profile), json_bytes(to_plain(installed)))


def read_receipt(profile: Profile, plugin: str, version: str) -> Receipt:
    """Read the receipt of one version.

    Raises
    ------
    PluginError
        If it is missing or damaged.
    """
    file = version_folder(profile, plugin, version) / RECEIPT
    try:
        table = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise PluginError(f"{file}: {error}, expected a receipt; install it again") from error
    return from_plain(Receipt, table, str(file), error=PluginError)


def plugin_info(profile: Profile, plugin: str, version: str) -> dict[str, Any]:
    """Return the catalogue's `PluginInfo` of one version of a plugin.

    Raises
    ------
    PluginError
        If its receipt or its package is missing or damaged, or it needs another API version.
    """
    receipt = read_receipt(profile, plugin, version)
    folder = version_folder(profile, plugin, version)
    if (found := parse_manifest(receipt.table, str(folder / RECEIPT)).id) != plugin:
        raise PluginError(f"{folder / RECEIPT}: id={found!r}, expected {plugin!r}")
    root = folder / LIBRARY / receipt.package
    if not root.is_dir():
        raise PluginError(f"{root}: gone, expected the plugin's package; install it again")
    return {
        "table": receipt.table,
        "root": str(root),
        "module": receipt.module,
        "distribution": receipt.distribution,
        "version": receipt.version,
    }


def check_plugins_compatible(profile: Profile, plugins: Iterable[str]) -> None:
    """Check that the plugins of one job can be loaded into one worker process.

    Parameters
    ----------
    profile : of the store
    plugins : ids, the job's own plugin first; those outside the store use the host's libraries

    Raises
    ------
    PluginError
        If two of them bring different versions of a library or package; the text names both.
    """
    current = read_installed(profile).in_use
    brought: dict[str, tuple[str, str]] = {}  # library or package -> plugin that brings it, version
    for plugin in plugins:
        if plugin not in current:
            continue
        receipt = read_receipt(profile, plugin, current[plugin])
        package_version = f"{receipt.distribution} {receipt.version}"
        for name, version in {receipt.package: package_version, **receipt.dependencies}.items():
            other, other_version = brought.setdefault(name, (plugin, version))
            if other_version != version:
                raise PluginError(
                    f"this job needs plugins {other!r} and {plugin!r}, which bring {name} "
                    f"{other_version} and {version}, expected one; disable one of the two"
                )


@contextlib.contextmanager
def store_lock(profile: Profile) -> Iterator[None]:
    """Hold the store's lock, which stops other processes from changing it; leaves no lock file."""
    profile.create()
    descriptor = os.open(profile.root, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
