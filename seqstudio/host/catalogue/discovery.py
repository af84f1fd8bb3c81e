"""Finding plugins: entry points name a top package, `find_spec` finds it, its manifest is read."""

import importlib.metadata
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.machinery import ModuleSpec
from importlib.metadata import Distribution, EntryPoint
from pathlib import Path
from typing import Any

from seqstudio.contracts.manifest import parse_manifest
from seqstudio.errors import PluginError
from seqstudio.host.catalogue.catalogue import Stamp, stamp
from seqstudio.host.catalogue.installed import (
    RECEIPT,
    Pointer,
    pointer_file,
    read_pointer,
    record_of,
    version_folder,
)
from seqstudio.host.profile import Profile

GROUP = "seqstudio.plugins"
MANIFEST = "seqstudio.toml"

Reader = Callable[[], dict[str, Any]]  # raises PluginError


def scan(paths: Sequence[str], profile: Profile) -> dict[str, Any]:
    """Look at every installed distribution, then at the store's plugins.

    Parameters
    ----------
    paths : the folders of `sys.path`
    profile : whose store is read

    Returns
    -------
    JSON values: `plugins` (one record each), `broken` (name -> reason), `disabled` (id -> why), and
    `stamps` of all that, when it changes, makes this result stale. A bad plugin is refused by its
    name; none raises.
    """
    stamps: dict[str, Stamp] = {path: stamp(path) for path in paths}
    records: dict[str, dict[str, Any]] = {}
    broken: dict[str, str] = {}
    pointer, readers = _stored(profile, broken, stamps)
    for distribution, entry in _entries(paths):
        readers.append((entry.name, partial(_read, distribution, entry, stamps)))
    for called, read in readers:
        try:
            record = read()
        except PluginError as bad:
            broken[called] = str(bad)
            continue
        name = record["table"]["id"]
        if name in records or name in broken:
            owners = sorted({record["distribution"], _owner(records.get(name))} - {""})
            broken[name] = f"id {name!r} is claimed by {' and '.join(owners)}, expected one"
            records.pop(name, None)
        else:
            records[name] = record
    plugins = [records[name] for name in sorted(records)]
    disabled = dict(pointer.disabled)
    return {"plugins": plugins, "broken": broken, "disabled": disabled, "stamps": stamps}


def _stored(
    profile: Profile, broken: dict[str, str], stamps: dict[str, Stamp]
) -> tuple[Pointer, list[tuple[str, Reader]]]:
    """Give the store's state, and how to read each of its plugins."""
    try:
        pointer = read_pointer(profile)
    except PluginError as bad:  # the plugins in the box still work
        broken[pointer_file(profile).name] = str(bad)
        return Pointer(), []
    current = pointer.current.items()
    for name, version in current:
        receipt = str(version_folder(profile, name, version) / RECEIPT)
        stamps[receipt] = stamp(receipt)
    return pointer, [
        (name, partial(record_of, profile, name, version)) for name, version in current
    ]


def _owner(record: dict[str, Any] | None) -> str:
    return str(record["distribution"]) if record else ""


def _entries(paths: Sequence[str]) -> Iterator[tuple[Distribution, EntryPoint]]:
    """Give our entry points; of a distribution that is on the path twice, the first counts."""
    seen = set()
    for distribution in importlib.metadata.distributions(path=list(paths)):
        if GROUP not in (distribution.read_text("entry_points.txt") or ""):
            continue
        name = distribution.name.lower().replace("_", "-")
        if name not in seen:
            seen.add(name)
            yield from ((distribution, e) for e in distribution.entry_points if e.group == GROUP)


def _read(
    distribution: Distribution, entry: EntryPoint, stamps: dict[str, Stamp]
) -> dict[str, Any]:
    top = entry.value.partition(":")[0].partition(".")[0].strip()
    spec = _find(top)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    if not folders:
        raise PluginError(f"no package {top!r}, expected one with a {MANIFEST}")
    root = Path(folders[0]).absolute()
    file = root / MANIFEST
    stamps[str(file)] = stamp(str(file))
    return {
        "table": _table(file),
        "root": str(root),
        "module": entry.module,
        "distribution": distribution.name,
        "version": distribution.version,
    }


def _find(top: str) -> ModuleSpec | None:
    """Ask every finder, as an import would, but never a module that is loaded already."""
    for finder in sys.meta_path:
        try:
            spec = finder.find_spec(top, None)
        except (ImportError, ValueError) as bad:
            raise PluginError(f"package {top!r} cannot be found: {bad}") from bad
        if spec is not None:
            return spec
    return None


def _table(file: Path) -> dict[str, Any]:
    """Read a manifest and check it in full, so that the cache holds only sound ones."""
    try:
        with file.open("rb") as stream:
            table = tomllib.load(stream)
    except OSError as bad:
        raise PluginError(f"{file}: {bad.strerror}, expected a manifest") from bad
    except (ValueError, RecursionError) as bad:  # not TOML, not UTF-8, or nested without end
        raise PluginError(f"{file}: {bad}, expected TOML") from bad
    parse_manifest(table, str(file))
    return table
