"""`plugins.json`: which version of each plugin is in use. One rename switches."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seqstudio.contracts.manifest import parse_manifest
from seqstudio.contracts.plain import from_plain, to_plain
from seqstudio.errors import PluginError
from seqstudio.host.profile import Profile
from seqstudio.services.atomic_files import json_bytes, write_durably

FORMAT = 1
RECEIPT = "receipt.json"
LIBRARY = "lib"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """The state of the store. Versions are folder names, `VERSION-SHA8`."""

    format: int = FORMAT
    current: Mapping[str, str] = field(default_factory=dict)  # plugin id -> version in use
    previous: Mapping[str, str] = field(default_factory=dict)  # the one that rollback takes
    disabled: Mapping[str, str] = field(default_factory=dict)  # plugin id -> why


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What was agreed to when a version was installed, and what the catalogue needs of it."""

    table: Mapping[str, Any]  # the manifest, as TOML gave it
    package: str  # the folder of the top package, in the library
    module: str
    distribution: str
    version: str
    sha256: str
    source: str  # the file or folder it came from
    size: int
    native: tuple[str, ...] = ()
    dependencies: Mapping[str, str] = field(default_factory=dict)  # its own: name -> version


def pointer_file(profile: Profile) -> Path:
    """Give the file that says what is in use."""
    return profile.home / "plugins.json"


def version_folder(profile: Profile, plugin: str, version: str) -> Path:
    """Give the folder of one version of a plugin."""
    return profile.home / "plugins" / plugin / version


def read_pointer(profile: Profile) -> Pointer:
    """Read what is in use.

    Raises
    ------
    PluginError
        If the file is damaged.
    """
    file = pointer_file(profile)
    try:
        table = json.loads(file.read_bytes())
    except FileNotFoundError:
        return Pointer()
    except (OSError, ValueError) as bad:
        raise PluginError(f"{file}: {bad}, expected JSON") from bad
    pointer = from_plain(Pointer, table, str(file), error=PluginError)
    if pointer.format != FORMAT:
        raise PluginError(f"{file}: format={pointer.format}, expected {FORMAT}")
    return pointer


def write_pointer(profile: Profile, pointer: Pointer) -> None:
    """Switch, in one step that survives a loss of power."""
    write_durably(pointer_file(profile), json_bytes(to_plain(pointer)))


def read_receipt(profile: Profile, plugin: str, version: str) -> Receipt:
    """Read the receipt of one version.

    Raises
    ------
    PluginError
        If it is gone or damaged.
    """
    file = version_folder(profile, plugin, version) / RECEIPT
    try:
        table = json.loads(file.read_bytes())
    except (OSError, ValueError) as bad:
        raise PluginError(f"{file}: {bad}, expected a receipt; install it again") from bad
    return from_plain(Receipt, table, str(file), error=PluginError)


def record_of(profile: Profile, plugin: str, version: str) -> dict[str, Any]:
    """Give what the catalogue keeps of a plugin.

    Raises
    ------
    PluginError
        If its receipt or its package is gone or damaged, or it wants another API than this host's.
    """
    receipt = read_receipt(profile, plugin, version)
    place = version_folder(profile, plugin, version)
    if (found := parse_manifest(receipt.table, str(place / RECEIPT)).id) != plugin:
        raise PluginError(f"{place / RECEIPT}: id={found!r}, expected {plugin!r}")
    root = place / LIBRARY / receipt.package
    if not root.is_dir():
        raise PluginError(f"{root}: gone, expected the plugin's package; install it again")
    return {
        "table": receipt.table,
        "root": str(root),
        "module": receipt.module,
        "distribution": receipt.distribution,
        "version": receipt.version,
    }


@contextlib.contextmanager
def locked(profile: Profile) -> Iterator[None]:
    """Keep other processes from changing the store meanwhile; leaves no file behind."""
    profile.home.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(profile.root, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
