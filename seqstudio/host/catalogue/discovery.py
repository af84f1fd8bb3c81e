"""Discover plugins: from entry point to top package, from top package to manifest.

`find_spec` locates the package, so nothing is imported.
"""

import hashlib
import importlib.metadata
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.machinery import ModuleSpec
from importlib.metadata import Distribution, EntryPoint
from pathlib import Path
from typing import Any

from seqstudio.contracts.manifest import ENTRY_POINT_GROUP, MANIFEST_FILE, parse_manifest
from seqstudio.errors import PluginError
from seqstudio.host.catalogue.file_stamp import FileStamp, file_stamp
from seqstudio.host.catalogue.installed import (
    RECEIPT,
    InstalledVersions,
    LinkedPlugin,
    installed_file,
    plugin_info,
    read_installed,
    version_folder,
)
from seqstudio.host.profile import Profile

Reader = Callable[
    [], dict[str, Any]
]  # returns the information on one plugin, or raises PluginError


def scan(paths: Sequence[str], profile: Profile) -> dict[str, Any]:
    """Scan the plugins of the store and those of every installed distribution.

    Parameters
    ----------
    paths : the folders of `sys.path`
    profile : whose store is read

    Returns
    -------
    JSON values: `plugins` (one `PluginInfo` each), `broken` (name -> reason), `disabled` (id ->
    why), and `stamps` of all files and folders that this result depends on. A broken plugin is
    listed under its name and raises nothing.
    """
    stamps: dict[str, FileStamp] = {path: file_stamp(path) for path in paths}
    plugins: dict[str, dict[str, Any]] = {}
    broken: dict[str, str] = {}
    installed, readers = _store_readers(profile, broken, stamps)
    for distribution, entry in _entry_points(paths):
        readers.append((entry.name, partial(_read_plugin, distribution, entry, stamps)))
    for name, linked in installed.linked.items():
        readers = [(other, read) for other, read in readers if other != name]
        readers.append((name, partial(_read_linked, linked, stamps)))
    for name, read in readers:
        try:
            info = read()
        except PluginError as error:
            broken[name] = str(error)
            continue
        plugin_id = info["table"]["id"]
        if plugin_id in plugins or plugin_id in broken:
            owners = sorted({info["distribution"], _distribution(plugins.get(plugin_id))} - {""})
            broken[plugin_id] = (
                f"id {plugin_id!r} is claimed by {' and '.join(owners)}, expected one"
            )
            plugins.pop(plugin_id, None)
        else:
            plugins[plugin_id] = info
    return {
        "plugins": [plugins[plugin_id] for plugin_id in sorted(plugins)],
        "broken": broken,
        "disabled": dict(installed.disabled),
        "stamps": stamps,
    }


def _store_readers(
    profile: Profile, broken: dict[str, str], stamps: dict[str, FileStamp]
) -> tuple[InstalledVersions, list[tuple[str, Reader]]]:
    """Return the store's state, and the id and reader of each of its plugins."""
    try:
        installed = read_installed(profile)
    except PluginError as error:  # built-in plugins still work
        broken[installed_file(profile).name] = str(error)
        return InstalledVersions(), []
    current = installed.in_use.items()
    for name, version in current:
        receipt = str(version_folder(profile, name, version) / RECEIPT)
        stamps[receipt] = file_stamp(receipt)
    return installed, [
        (name, partial(plugin_info, profile, name, version)) for name, version in current
    ]


def _distribution(info: dict[str, Any] | None) -> str:
    return str(info["distribution"]) if info else ""


def _entry_points(paths: Sequence[str]) -> Iterator[tuple[Distribution, EntryPoint]]:
    """Yield our entry points; if a distribution is on the path twice, the first one counts."""
    seen = set()
    for distribution in importlib.metadata.distributions(path=list(paths)):
        if ENTRY_POINT_GROUP not in (distribution.read_text("entry_points.txt") or ""):
            continue
        name = distribution.name.lower().replace("_", "-")
        if name not in seen:
            seen.add(name)
            for entry in distribution.entry_points:
                if entry.group == ENTRY_POINT_GROUP:
                    yield distribution, entry


def _read_plugin(
    distribution: Distribution, entry: EntryPoint, stamps: dict[str, FileStamp]
) -> dict[str, Any]:
    top = entry.value.partition(":")[0].partition(".")[0].strip()
    spec = _find_spec(top)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    if not folders:
        raise PluginError(f"no package {top!r}, expected one with a {MANIFEST_FILE}")
    root = Path(folders[0]).absolute()
    return {
        "table": _read_stamped(root / MANIFEST_FILE, stamps),
        "root": str(root),
        "module": entry.module,
        "distribution": distribution.name,
        "version": distribution.version,
    }


def _read_linked(linked: LinkedPlugin, stamps: dict[str, FileStamp]) -> dict[str, Any]:
    """Read a plugin in its author's folder; each state of its files is a version of its own.

    Otherwise a job would take what an earlier one made with other code for its own result.
    """
    root = Path(linked.root)
    paths = (root, *sorted(root.rglob("*")))
    own = [path for path in paths if "__pycache__" not in path.parts]
    stamps |= {str(path): file_stamp(str(path)) for path in own}  # a folder's: for new files
    files = [(str(path), stamps[str(path)]) for path in own if path.is_file()]
    state = hashlib.sha256(repr(files).encode()).hexdigest()[:8]
    return {
        "table": _read_stamped(root / MANIFEST_FILE, stamps),
        "root": linked.root,
        "module": linked.module,
        "distribution": linked.distribution,
        "version": f"{linked.version}+dev.{state}",
    }


def _read_stamped(file: Path, stamps: dict[str, FileStamp]) -> dict[str, Any]:
    """Read a manifest, and note its stamp as something that the scan depends on."""
    stamps[str(file)] = file_stamp(str(file))
    return read_manifest(file)


def _find_spec(top: str) -> ModuleSpec | None:
    """Ask every finder, as an import does, but ignore modules that are already loaded."""
    for finder in sys.meta_path:
        try:
            spec = finder.find_spec(top, None)
        except (ImportError, ValueError) as error:
            raise PluginError(f"package {top!r} cannot be found: {error}") from error
        if spec is not None:
            return spec
    return None


def read_manifest(file: Path) -> dict[str, Any]:
    """Read a manifest and check it in full, so that the cache holds only valid ones.

    Raises
    ------
    PluginError
        If it is missing, not TOML, or breaks a rule.
    """
    try:
        with file.open("rb") as stream:
            table = tomllib.load(stream)
    except OSError as error:
        raise PluginError(f"{file}: {error.strerror}, expected a manifest") from error
    except (ValueError, RecursionError) as error:  # not TOML, not UTF-8, or nested too deeply
        raise PluginError(f"{file}: {error}, expected TOML") from error
    parse_manifest(table, str(file))
    return table
