"""The consent sheet: facts about a plugin, and what has changed since the version in use."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seqstudio.contracts.manifest import SECTIONS
from seqstudio.host.catalogue.installed import Receipt
from seqstudio.host.confinement.status import Confinement
from seqstudio.host.store.code_changes import CodeChanges
from seqstudio.host.store.wheel import Wheel


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentSheet:
    """What the user agrees to before a plugin is installed.

    `sha256` identifies all of it, dependencies included.
    """

    id: str
    title: str
    version: str
    source: str
    sha256: str
    size: int  # bytes of all wheels
    unpacked: int  # bytes of all wheels when unpacked
    licence: str
    permissions: Mapping[str, str]  # name -> the author's reason
    confinement: str  # how far this machine enforces its limits
    limits: tuple[str, ...]  # each of them, and whether it is enforced
    native: tuple[str, ...]  # files that contain machine code
    dependencies: Mapping[str, str]  # installed with it: name -> version
    provides: Mapping[str, tuple[str, ...]]  # section of the manifest -> names
    installed: str = ""  # the version in use, or ""
    changes: tuple[str, ...] = ()  # since that version
    code_changes: tuple[str, ...] = ()  # lines of a unified difference to its code

    @property
    def note(self) -> str:
        """Return what the user should consider."""
        if self.confinement == "enforced":
            return "the system keeps it within these limits; install only what you trust"
        return (
            "it may do what you may do, where limits are only declared; install only what you trust"
        )


def make_sheet(
    plugin: Wheel,
    dependencies: Sequence[Wheel],
    old: Receipt | None,
    code: CodeChanges,
    confinement: Confinement,
) -> ConsentSheet:
    """Make the consent sheet of a plugin.

    Parameters
    ----------
    plugin : the plugin's own wheel
    dependencies : the wheels that are installed with it
    old : the receipt of the version in use, or None
    code : what differs from its files
    confinement : how far this machine keeps plugins within their limits
    """
    table = plugin.table
    wheels = [plugin, *dependencies]
    native = tuple(member for wheel in wheels for member in wheel.native)
    versions = {wheel.name: wheel.version for wheel in dependencies}
    return ConsentSheet(
        id=table["id"],
        title=table["title"],
        version=plugin.version,
        source=str(plugin.source.origin),
        sha256=combined_hash(wheels),
        size=sum(wheel.size for wheel in wheels),
        unpacked=sum(wheel.unpacked for wheel in wheels),
        licence=table["license"],
        permissions=dict(table.get("permissions", {})),
        confinement=confinement.text,
        limits=tuple(confinement.lines(table.get("permissions", {}))),
        native=native,
        dependencies=versions,
        provides=provided_names(table),
        installed=old.version if old else "",
        changes=(*changes(old, plugin, native, versions), *code.summary) if old else (),
        code_changes=code.lines,
    )


def combined_hash(wheels: Sequence[Wheel]) -> str:
    """Return the sha256 of a single wheel, or a sha256 over the sorted hashes of several."""
    if len(wheels) == 1:
        return wheels[0].sha256
    lines = sorted(f"{wheel.sha256}  {wheel.source.path.name}\n" for wheel in wheels)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def provided_names(table: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the names in a manifest by section, without empty sections."""
    names = {key: tuple(str(entry["name"]) for entry in table.get(key, ())) for key in SECTIONS}
    return {key: found for key, found in names.items() if found}


def changes(
    old: Receipt, plugin: Wheel, native: Sequence[str], versions: Mapping[str, str]
) -> list[str]:
    """Return the changes that matter to a user who agreed to the old version, one line each."""
    tables = (old.table, plugin.table)
    lines = differences("licence", *([table["license"]] for table in tables))
    lines += differences(
        "permission", *(permission_lines(table.get("permissions", {})) for table in tables)
    )
    for section in SECTIONS:
        names = (provided_names(table).get(section, ()) for table in tables)
        lines += differences(section.replace("_", " "), *names)
    lines += differences("machine code", old.native, native)
    return lines + differences(
        "dependency", dependency_lines(old.dependencies), dependency_lines(versions)
    )


def permission_lines(permissions: Mapping[str, str]) -> list[str]:
    """Format permissions with their reasons."""
    return [f"{name}: {reason}" for name, reason in permissions.items()]


def dependency_lines(versions: Mapping[str, str]) -> list[str]:
    """Format dependencies with their versions."""
    return [f"{name} {version}" for name, version in versions.items()]


def differences(what: str, old: Sequence[str], new: Sequence[str]) -> list[str]:
    """Return a line for each value that was added or removed.

    >>> differences("licence", ["MIT"], ["GPL-3.0-only"])
    ['licence: + GPL-3.0-only', 'licence: - MIT']
    """
    added = [f"{what}: + {value}" for value in new if value not in old]
    return added + [f"{what}: - {value}" for value in old if value not in new]
