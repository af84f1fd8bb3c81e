"""The consent sheet: the facts of a plugin, and what changed since the version that is in use."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seqstudio.contracts.manifest import SECTIONS
from seqstudio.host.catalogue.installed import Receipt
from seqstudio.host.store.wheel import Wheel


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What a person agrees to. `sha256` stands for all of it, dependencies included."""

    id: str
    title: str
    version: str
    source: str
    sha256: str
    size: int  # bytes, all wheels
    unpacked: int  # bytes, all wheels
    licence: str
    permissions: Mapping[str, str]  # name -> the author's reason
    native: tuple[str, ...]  # files of machine code
    dependencies: Mapping[str, str]  # installed with it: name -> version
    offers: Mapping[str, tuple[str, ...]]  # section of the manifest -> names
    installed: str = ""  # the version in use; "" where there is none
    changes: tuple[str, ...] = ()  # since that version


def sheet_of(plugin: Wheel, brought: Sequence[Wheel], old: Receipt | None) -> Sheet:
    """Collect the facts.

    Parameters
    ----------
    plugin : the plugin's own wheel
    brought : the dependencies that are installed with it
    old : the receipt of the version in use
    """
    table = plugin.table
    wheels = [plugin, *brought]
    native = tuple(member for wheel in wheels for member in wheel.native)
    dependencies = {wheel.name: wheel.version for wheel in brought}
    return Sheet(
        id=table["id"],
        title=table["title"],
        version=plugin.version,
        source=str(plugin.source.origin),
        sha256=hash_of(wheels),
        size=sum(wheel.size for wheel in wheels),
        unpacked=sum(wheel.unpacked for wheel in wheels),
        licence=table["license"],
        permissions=dict(table.get("permissions", {})),
        native=native,
        dependencies=dependencies,
        offers=offers_of(table),
        installed=old.version if old else "",
        changes=tuple(changes(old, plugin, native, dependencies)) if old else (),
    )


def hash_of(wheels: Sequence[Wheel]) -> str:
    """Give a lone wheel's own sha256, or one over the sorted hashes of several."""
    if len(wheels) == 1:
        return wheels[0].sha256
    lines = sorted(f"{wheel.sha256}  {wheel.source.path.name}\n" for wheel in wheels)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def offers_of(table: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Give the names that a manifest lists, by section."""
    found = {key: tuple(str(entry["name"]) for entry in table.get(key, ())) for key in SECTIONS}
    return {key: names for key, names in found.items() if names}


def changes(
    old: Receipt, plugin: Wheel, native: Sequence[str], dependencies: Mapping[str, str]
) -> list[str]:
    """Say what a person who agreed to the old version would want to know of the new one."""
    table = plugin.table
    lines = compared("licence", [old.table["license"]], [table["license"]])
    before, after = (dict(each.get("permissions", {})) for each in (old.table, table))
    lines += compared("permission", asked(before), asked(after))
    for section in SECTIONS:
        was, now = (offers_of(each).get(section, ()) for each in (old.table, table))
        lines += compared(section.replace("_", " "), was, now)
    lines += compared("machine code", old.native, native)
    return lines + compared("brings", pinned(old.dependencies), pinned(dependencies))


def asked(permissions: Mapping[str, str]) -> list[str]:
    """Write permissions with their reasons."""
    return [f"{name}: {reason}" for name, reason in permissions.items()]


def pinned(dependencies: Mapping[str, str]) -> list[str]:
    """Write dependencies with their versions."""
    return [f"{name} {version}" for name, version in dependencies.items()]


def compared(what: str, old: Sequence[str], new: Sequence[str]) -> list[str]:
    """Give a line for each thing that came or went.

    >>> compared("licence", ["MIT"], ["GPL-3.0-only"])
    ['licence: + GPL-3.0-only', 'licence: - MIT']
    """
    came = [f"{what}: + {one}" for one in new if one not in old]
    return came + [f"{what}: - {one}" for one in old if one not in new]
