"""What `plugins list` and `plugins show` say of a plugin, from its manifest."""

from typing import Any

from seqstudio.host.catalogue.catalogue import Plugin

EXTENSIONS = ("recognisers", "importers", "exporters", "parts", "train_callbacks", "metrics")
KINDS = ("operations", "tasks", "models")
SECTIONS = (*KINDS, *EXTENSIONS)


def fact_rows(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """Return facts as table rows, without empty ones."""
    rows = []
    for name, value in facts.items():
        if isinstance(value, dict):
            rows += [(name, f"{key}: {one}") for key, one in value.items()]
        elif value:
            rows.append((name, value if isinstance(value, str) else ", ".join(value)))
    return rows


def plugin_summary(plugin: Plugin) -> dict[str, Any]:
    """Return the fields of a plugin for JSON."""
    return {
        "id": plugin.id,
        "title": plugin.title,
        "version": plugin.version,
        "distribution": plugin.distribution,
        "api": plugin.table["api"],
        "license": plugin.table["license"],
        "permissions": plugin.table.get("permissions", {}),
        **{section: entry_names(plugin, section) for section in SECTIONS},
    }


def extension_texts(plugin: Plugin) -> list[str]:
    """Return what a plugin adds to others, a text for each section: `exporters: notes`."""
    names = {section: entry_names(plugin, section) for section in EXTENSIONS}
    return [
        f"{name.replace('_', ' ')}: {', '.join(found)}" for name, found in names.items() if found
    ]


def entry_names(plugin: Plugin, kind: str) -> list[str]:
    """Return the names in a section of a plugin's manifest."""
    return [str(entry["name"]) for entry in plugin.table.get(kind, ())]
