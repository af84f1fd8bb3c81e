"""The command group of one plugin, built from the plain TOML values of its manifest.

A plugin with tasks has `learn` too, which is the host's own, unless an operation has this name.

The full manifest is built only for an operation that is called, so that the help of the group is as
fast as the help of the root command.
"""

from __future__ import annotations

import click

from seqstudio.cli.base import LazyGroup
from seqstudio.host.catalogue.catalogue import Plugin

LEARN = "learn"


class PluginGroup(LazyGroup):
    """The operations of one plugin, each built when it is called."""

    def __init__(self, plugin: Plugin) -> None:
        super().__init__(plugin.id, help=plugin_help(plugin))
        self.plugin = plugin
        entries = plugin.table.get("operations", ())
        self.titles: dict[str, str] = {entry["name"]: entry["title"] for entry in entries}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the operations in manifest order."""
        return [*self.titles, *self._own_titles]

    @property
    def _own_titles(self) -> dict[str, str]:
        """The titles of the commands of the host in this group."""
        trains = self.plugin.table.get("tasks") and LEARN not in self.titles
        return {LEARN: "Learn from corrections"} if trains else {}

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Build the command of one operation."""
        if cmd_name in self._own_titles:
            from seqstudio.cli.learn import learn_command

            return learn_command(self.plugin)
        if cmd_name not in self.titles:
            return None
        from seqstudio.cli.operation_command import operation_command

        return operation_command(self.plugin.id, self.plugin.operation(cmd_name))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the operations by their titles."""
        if self.titles:
            with formatter.section("Operations"):
                formatter.write_dl(list(self.titles.items()))
        if self._own_titles:
            with formatter.section("Training"):
                formatter.write_dl(list(self._own_titles.items()))


def plugin_help(plugin: Plugin) -> str:
    """Return title, description, trainable tasks and included models."""
    parts = [f"{plugin.title}.", plugin.table.get("help", "")]
    for kind, head in (("tasks", "Tasks to train"), ("models", "Included models")):
        names = [entry["name"] for entry in plugin.table.get(kind, ())]
        parts += [f"{head}: {', '.join(names)}."] if names else []
    return "\n\n".join(part for part in parts if part)
