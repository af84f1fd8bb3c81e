"""`seqstudio plugins`: which instruments are installed, and which were refused."""

from typing import Any

import click

from seqstudio.cli.options import json_flag
from seqstudio.cli.output import table, to_json
from seqstudio.host.catalogue import Catalogue, Plugin
from seqstudio.host.profile import Profile


@click.group()
def plugins() -> None:
    """List the plugins that are installed.

    A plugin is a Python package: pip install and pip uninstall add and remove it.
    """


@plugins.command("list")
@json_flag
def list_plugins(*, as_json: bool) -> None:
    """Show plugins, what each brings and asks for, and why others were refused."""
    catalogue = Catalogue.load(Profile())
    if as_json:
        found = [summary(plugin) for plugin in catalogue.plugins]
        click.echo(to_json({"plugins": found, "refused": catalogue.broken}))
        return
    kinds = ("operations", "tasks", "models")
    head = ("plugin", "version", *kinds)
    rows = [
        (plugin.id, plugin.version, *(", ".join(names(plugin, kind)) or "-" for kind in kinds))
        for plugin in catalogue.plugins
    ]
    click.echo(table(head, rows) if rows else "No plugin is installed.")
    for name, reason in catalogue.broken.items():
        click.echo(f"refused: {name}: {reason}", err=True)


def summary(plugin: Plugin) -> dict[str, Any]:
    """Give what a program wants to know of a plugin."""
    return {
        "id": plugin.id,
        "title": plugin.title,
        "version": plugin.version,
        "distribution": plugin.distribution,
        "license": plugin.table["license"],
        "permissions": plugin.table.get("permissions", {}),
        "operations": names(plugin, "operations"),
        "tasks": names(plugin, "tasks"),
        "models": names(plugin, "models"),
    }


def names(plugin: Plugin, kind: str) -> list[str]:
    """Give the names of a plugin's operations, tasks or models."""
    return [str(entry["name"]) for entry in plugin.table.get(kind, ())]
