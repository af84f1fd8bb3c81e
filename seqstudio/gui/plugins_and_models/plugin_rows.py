"""What the page of plugins shows of each, as values read from the disk: slow, so on a thread."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from seqstudio.errors import PluginError
from seqstudio.gui.widgets.facts import Group, group, listed
from seqstudio.host.catalogue.catalogue import SAFE_MODE_REASON, Catalogue, Plugin, in_the_box
from seqstudio.host.profile import Profile
from seqstudio.host.store.store import Store, Stored
from seqstudio.host.text_format import size

State = Literal["on", "off", "broken"]
BY_YOU = "by you"  # the reason that `disable` gives
ALSO: Mapping[str, str] = {  # a section of the manifest, and what it is called
    "importers": "Reads",
    "exporters": "Writes",
    "parts": "Model parts",
    "train_callbacks": "In training",
    "metrics": "Measures",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginRow:
    """One plugin, with what can be done about it."""

    id: str
    title: str
    version: str = ""
    state: State = "on"
    why: str = ""  # it is off or broken
    origin: str = ""  # in words
    stored: bool = False  # this profile's store has it: it can be removed
    previous: str = ""  # the version to go back to
    groups: tuple[Group, ...] = ()

    @property
    def said(self) -> str:
        """The state in words."""
        if self.state == "on":
            return "on"
        return f"{self.state}: {self.why}"

    @property
    def short(self) -> str:
        """The state in a word or two, with the version."""
        return f"{self.version}  ·  {self.state}" if self.version else self.state


def read_plugins(profile: Profile) -> tuple[PluginRow, ...]:
    """Read every plugin: those in use, those switched off, and those that are broken."""
    catalogue = Catalogue.load(profile, everything=True)
    off = Catalogue.load(profile).disabled
    stored, names = _stored(profile)
    rows = [_row(one, off.get(one.id, ""), stored.get(one.id)) for one in catalogue.plugins]
    rows += [
        PluginRow(id=name, title=name, state="broken", why=why, stored=name in names)
        for name, why in catalogue.broken.items()
    ]
    return tuple(sorted(rows, key=lambda row: (row.origin != "in the box", row.title.lower())))


def _stored(profile: Profile) -> tuple[Mapping[str, Stored], tuple[str, ...]]:
    """Give the store's plugins and the names of all; a damaged store has none, and is told."""
    store = Store(profile)
    try:
        return {one.id: one for one in store.installed()}, store.names()
    except PluginError:  # the catalogue lists its file among the broken
        return {}, ()


def _row(plugin: Plugin, why: str, stored: Stored | None) -> PluginRow:
    if why == SAFE_MODE_REASON and stored and stored.disabled:
        why = stored.disabled  # what will hold without safe mode
    return PluginRow(
        id=plugin.id,
        title=plugin.title,
        version=plugin.version,
        state="off" if why else "on",
        why="switched off by you" if why == BY_YOU else why,
        origin=_origin(plugin, stored),
        stored=stored is not None,
        previous=stored.previous if stored else "",
        groups=_groups(plugin, stored),
    )


def _origin(plugin: Plugin, stored: Stored | None) -> str:
    if stored:
        return f"installed from {stored.receipt.source}"
    return "in the box" if in_the_box(plugin.distribution) else "installed by pip"


def _groups(plugin: Plugin, stored: Stored | None) -> tuple[Group, ...]:
    table = plugin.table
    return (
        group(
            "About",
            [
                ("", " ".join(table.get("help", "").split())),
                ("Version", plugin.version),
                ("Id", plugin.id),
                ("Licence", table["license"]),
                ("From", _origin(plugin, stored)),
                *_receipt_facts(stored),
            ],
        ),
        *offer_groups(table),
        permission_group(table.get("permissions", {})),
    )


def _receipt_facts(stored: Stored | None) -> list[tuple[str, object]]:
    if not stored:
        return []
    receipt = stored.receipt
    brings = ", ".join(f"{name} {version}" for name, version in receipt.dependencies.items())
    return [
        ("Size", size(receipt.size)),
        ("SHA-256", spaced(receipt.sha256)),
        ("Brings", brings),
        ("Machine code", ", ".join(receipt.native)),
        ("Before it", f"version {stored.previous}" if stored.previous else ""),
    ]


def offer_groups(table: Mapping[str, Any]) -> tuple[Group, ...]:
    """Say what a manifest brings: operations, tasks, models, and what is read and written."""
    return (
        group("Operations", _titled(table.get("operations", ()))),
        group("Tasks to train", _titled(table.get("tasks", ()))),
        group("Models in it", _titled(table.get("models", ()))),
        group("Also", [(name, _names(table.get(key, ()))) for key, name in ALSO.items()]),
    )


def spaced(sha256: str) -> str:
    """Write a hash so that it can be compared by eye, and broken over lines.

    >>> spaced("0123456789abcdef01")
    '0123456789abcdef 01'
    """
    return " ".join(sha256[at : at + 16] for at in range(0, len(sha256), 16))


def permission_group(permissions: Mapping[str, str]) -> Group:
    """Say what a plugin asks for beyond its job's own files, and why."""
    if not permissions:
        return listed("Asks for", [], "nothing beyond the files of its jobs")
    return group("Asks for", permissions.items())


def _titled(entries: Iterable[Mapping[str, Any]]) -> list[tuple[str, object]]:
    return [(entry["name"], entry.get("title") or entry.get("task", "")) for entry in entries]


def _names(entries: Iterable[Mapping[str, Any]]) -> str:
    return ", ".join(str(entry["name"]) for entry in entries)
