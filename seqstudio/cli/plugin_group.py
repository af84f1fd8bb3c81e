"""The group of one plugin, from its manifest as the catalogue keeps it: TOML's own values.

Its help costs no more than the root's, since a manifest is built in full only for a command that is
called.
"""

from __future__ import annotations

import click

from seqstudio.cli.group import LazyGroup
from seqstudio.host.catalogue.catalogue import Plugin


class PluginGroup(LazyGroup):
    """The operations of one plugin, drawn as they are called.

    Those on a stream are left to the app and to programs: a terminal has nothing to feed them.
    """

    def __init__(self, plugin: Plugin) -> None:
        super().__init__(plugin.id, help=plugin_help(plugin))
        self.plugin = plugin
        entries = plugin.table.get("operations", ())
        self.titles: dict[str, str] = {
            entry["name"]: entry["title"] for entry in entries if entry.get("runs") != "stream"
        }

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the operations in the manifest's order."""
        return list(self.titles)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Draw the command of one operation."""
        if cmd_name not in self.titles:
            return None
        from seqstudio.cli.operation_command import operation_command

        return operation_command(self.plugin.id, self.plugin.operation(cmd_name))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the operations by their titles."""
        if self.titles:
            with formatter.section("Operations"):
                formatter.write_dl(list(self.titles.items()))


def plugin_help(plugin: Plugin) -> str:
    """Give title, longer text, tasks to train and models in the box."""
    parts = [f"{plugin.title}.", plugin.table.get("help", "")]
    for kind, head in (("tasks", "Tasks to train"), ("models", "Models in the box")):
        names = [entry["name"] for entry in plugin.table.get(kind, ())]
        parts += [f"{head}: {', '.join(names)}."] if names else []
    return "\n\n".join(part for part in parts if part)
