"""A shelf: a folder of packs with an index, on a USB stick or a shared disk. No service runs it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.version import InvalidVersion, Version

from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.errors import PluginError
from seqstudio.host.store.pack_reader import open_pack
from seqstudio.services.atomic_files import json_bytes, os_errors_as, sha256_of_file, write_atomic

FORMAT = 1
INDEX = "index.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfEntry:
    """A pack on a shelf, as the index describes it."""

    id: str
    title: str
    version: str
    licence: str
    permissions: Mapping[str, str]
    checks: str  # how the conformance checks came out
    file: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfIndex:
    """The contents of `index.json`."""

    format: int = FORMAT
    packs: tuple[ShelfEntry, ...] = ()  # by id, then by version


def read_shelf(folder: Path) -> ShelfIndex:
    """Read the index of a shelf.

    Raises
    ------
    PluginError
        If the folder has none, or it is damaged.
    """
    file = folder / INDEX
    try:
        table = json.loads(file.read_bytes())
    except OSError as error:
        raise PluginError(f"{file}: {error.strerror}, expected the index of a shelf") from error
    except (ValueError, RecursionError) as error:
        raise PluginError(f"{file}: {error}, expected JSON") from error
    index = from_plain(ShelfIndex, table, str(file), error=PluginError)
    if index.format != FORMAT:
        raise PluginError(f"{file}: format={index.format}, expected {FORMAT}")
    return index


def add_to_shelf(pack: Path, folder: Path) -> ShelfEntry:
    """Put a pack on a shelf, in place of the same version; a folder without an index becomes one.

    Raises
    ------
    PluginError
        If the pack is damaged, or the shelf cannot be written.
    """
    card, _ = open_pack(pack)
    with os_errors_as(PluginError, folder):
        data = pack.read_bytes()
        entry = ShelfEntry(
            id=card.id,
            title=card.title,
            version=card.version,
            licence=card.licence,
            permissions=card.permissions,
            checks=card.outcomes(),
            file=pack.name,
            sha256=hashlib.sha256(data).hexdigest(),
        )
        kept = read_shelf(folder).packs if (folder / INDEX).exists() else ()
        others = [one for one in kept if (one.id, one.version) != (entry.id, entry.version)]
        packs = sorted([*others, entry], key=lambda one: (one.id, version_of(one)))
        folder.mkdir(parents=True, exist_ok=True)
        if pack.parent.absolute() != folder.absolute():
            write_atomic(folder / pack.name, data)
        write_atomic(folder / INDEX, json_bytes(to_plain(ShelfIndex(packs=tuple(packs)))))
    return entry


def find_on_shelf(name: str, folder: Path) -> Path:
    """Return the newest pack of a plugin, whose hash is that of the index.

    Parameters
    ----------
    name : the plugin's id, perhaps with `==VERSION`

    Raises
    ------
    PluginError
        If the shelf has no such pack, or the file is not the one that the index lists.
    """
    identity, _, version = name.partition("==")
    packs = read_shelf(folder).packs
    found = [one for one in packs if one.id == identity and version in ("", one.version)]
    if not found:
        names = ", ".join(f"{one.id}=={one.version}" for one in packs) or "none"
        raise PluginError(f"{folder}: no plugin {name!r}, expected one of: {names}")
    newest = max(found, key=version_of)
    path = folder / Path(newest.file).name
    with os_errors_as(PluginError, path):
        if (sha256 := sha256_of_file(path)) != newest.sha256:
            raise PluginError(f"{path}: sha256 {sha256}, expected {newest.sha256} as in {INDEX}")
    return path


def version_of(entry: ShelfEntry) -> Version:
    """Return the version of an entry, to compare it with others.

    Raises
    ------
    PluginError
        If it is none.
    """
    try:
        return Version(entry.version)
    except InvalidVersion as error:
        fault = f"{entry.file}: version {entry.version!r}, expected one such as 1.2.0"
        raise PluginError(fault) from error
