"""What the page of plugins shows, read from disk: slow, so call it on a thread."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from seqstudio.errors import PluginError
from seqstudio.gui.widgets.facts import FactGroup, fact_group, line_group
from seqstudio.host.catalogue.catalogue import SAFE_MODE_REASON, Catalogue, Plugin, is_built_in
from seqstudio.host.catalogue.confined import confinement_of
from seqstudio.host.profile import Profile
from seqstudio.host.store.refusals import read_refusals
from seqstudio.host.store.store import Store, StoredPlugin
from seqstudio.host.text_format import format_size

State = Literal["on", "off", "broken"]
BY_YOU = "by you"  # the reason stored for a plugin that the user disabled
OTHER_SECTIONS: Mapping[str, str] = {  # section of the manifest -> title
    "importers": "File types read",
    "exporters": "File types written",
    "recognisers": "Recognisers",
    "parts": "Model parts",
    "train_callbacks": "Training callbacks",
    "metrics": "Metrics",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginRow:
    """One plugin as the page shows it."""

    id: str
    title: str
    version: str = ""
    state: State = "on"
    why: str = ""  # why it is off or broken
    origin: str = ""  # as shown to the user
    stored: bool = False  # in the store of this profile, so it can be removed
    previous: str = ""  # the version to roll back to
    groups: tuple[FactGroup, ...] = ()

    @property
    def contents(self) -> tuple[str, ...]:
        """A line for each kind of thing that it brings: "Operations: echo, ruler"."""
        kinds = ("Operations", "Tasks to train", "Models", "Other")
        return tuple(
            f"{group.title}: {', '.join(fact.label for fact in group.facts)}."
            for group in self.groups
            if group.title in kinds and group.facts
        )

    @property
    def status(self) -> str:
        """The state, with the reason if it is off or broken."""
        if self.state == "on":
            return "on"
        return f"{self.state}: {self.why}"

    @property
    def short_status(self) -> str:
        """The version and the state."""
        return f"{self.version}  ·  {self.state}" if self.version else self.state


def read_plugins(profile: Profile) -> tuple[PluginRow, ...]:
    """Read all plugins: enabled, disabled and broken."""
    catalogue = Catalogue.load(profile, include_disabled=True)
    off = Catalogue.load(profile).disabled
    stored, names = _stored(profile)
    found, refusals = confinement_of(profile), read_refusals(profile)
    rows = [
        _row(
            one,
            off.get(one.id, ""),
            stored.get(one.id),
            limits_group(found.text, found.lines(lifted_limits(one))),
            line_group("Asked for and refused", map(str, refusals.get(one.id, ())), "nothing"),
        )
        for one in catalogue.plugins
    ]
    rows += [
        PluginRow(id=name, title=name, state="broken", why=why, stored=name in names)
        for name, why in catalogue.broken.items()
    ]
    return tuple(sorted(rows, key=lambda row: (row.origin != "built in", row.title.lower())))


def _stored(profile: Profile) -> tuple[Mapping[str, StoredPlugin], tuple[str, ...]]:
    """Return the store's plugins by id, and all their names; nothing if the store is damaged."""
    store = Store(profile)
    try:
        return {one.id: one for one in store.installed()}, store.names()
    except PluginError:  # the catalogue lists the store's file as broken
        return {}, ()


def _row(plugin: Plugin, why: str, stored: StoredPlugin | None, *groups: FactGroup) -> PluginRow:
    if why == SAFE_MODE_REASON and stored and stored.disabled:
        why = stored.disabled  # the reason that applies without safe mode
    return PluginRow(
        id=plugin.id,
        title=plugin.title,
        version=plugin.version,
        state="off" if why else "on",
        why="disabled by you" if why == BY_YOU else why,
        origin=_origin(plugin, stored),
        stored=stored is not None,
        previous=stored.previous if stored else "",
        groups=(*_groups(plugin, stored), *groups),
    )


def _origin(plugin: Plugin, stored: StoredPlugin | None) -> str:
    if stored:
        return f"installed from {stored.receipt.source}"
    return "built in" if is_built_in(plugin.distribution) else "installed by pip"


def _groups(plugin: Plugin, stored: StoredPlugin | None) -> tuple[FactGroup, ...]:
    table = plugin.table
    return (
        fact_group(
            "About",
            [
                ("", " ".join(table.get("help", "").split())),
                ("Version", plugin.version),
                ("ID", plugin.id),
                ("Licence", table["license"]),
                ("Source", _origin(plugin, stored)),
                *_receipt_facts(stored),
            ],
        ),
        *content_groups(table),
        permission_group(table.get("permissions", {})),
    )


def _receipt_facts(stored: StoredPlugin | None) -> list[tuple[str, object]]:
    if not stored:
        return []
    receipt = stored.receipt
    dependencies = ", ".join(f"{name} {version}" for name, version in receipt.dependencies.items())
    return [
        ("Size", format_size(receipt.size)),
        ("SHA-256", spaced(receipt.sha256)),
        ("Dependencies", dependencies),
        ("Native code", ", ".join(receipt.native)),
        ("Previous version", stored.previous),
    ]


def content_groups(table: Mapping[str, Any]) -> tuple[FactGroup, ...]:
    """List what a manifest contains: operations, tasks, models, file types and other parts."""
    return (
        fact_group("Operations", _titled(table.get("operations", ()))),
        fact_group("Tasks to train", _titled(table.get("tasks", ()))),
        fact_group("Models", _titled(table.get("models", ()))),
        fact_group(
            "Other", [(name, _names(table.get(key, ()))) for key, name in OTHER_SECTIONS.items()]
        ),
    )


def spaced(sha256: str) -> str:
    """Write a hash in groups, so that it can be compared by eye and wrapped.

    >>> spaced("0123456789abcdef01")
    '0123456789abcdef 01'
    """
    return " ".join(sha256[at : at + 16] for at in range(0, len(sha256), 16))


def permission_group(permissions: Mapping[str, str]) -> FactGroup:
    """List what a plugin asks for beyond the files of its jobs, with its reasons."""
    if not permissions:
        return line_group("Permissions", [], "only the files of its jobs")
    return fact_group("Permissions", permissions.items())


def lifted_limits(plugin: Plugin) -> tuple[str, ...]:
    """Return the permissions of a plugin; one that comes with SeqStudio may read all files."""
    asked = tuple(plugin.table.get("permissions", {}))
    return (*asked, "read") if is_built_in(plugin.distribution) else asked


def limits_group(text: str, lines: Iterable[str]) -> FactGroup:
    """List the limits of a plugin, and which of them this machine enforces."""
    return line_group(f"Limits: {text}", lines, "none")


def _titled(entries: Iterable[Mapping[str, Any]]) -> list[tuple[str, object]]:
    return [(entry["name"], entry.get("title") or entry.get("task", "")) for entry in entries]


def _names(entries: Iterable[Mapping[str, Any]]) -> str:
    return ", ".join(str(entry["name"]) for entry in entries)
