"""The root command: the built-in commands and one group per plugin, each loaded when called."""

from __future__ import annotations  # keeps `typing` and annotations off the path of --help

import importlib
import os
from collections.abc import Mapping, Sequence
from typing import Any

import click

from seqstudio import __version__
from seqstudio.cli.base import INTERRUPTED, LazyGroup, installed_catalogue
from seqstudio.errors import SeqStudioError
from seqstudio.host.catalogue.catalogue import SAFE_MODE
from seqstudio.host.text_format import one_line

# name -> (module, attribute, one line for the listing)
COMMANDS = {
    "app": ("app", "app", "Open the desktop app."),
    "demo": ("demo", "demo", "Transcribe the shipped recordings and compose two pieces."),
    "train": ("train", "train", "Train a model on your own data."),
    "evaluate": ("evaluate", "evaluate", "Measure a model on data that it was not trained on."),
    "models": ("models", "models", "List, show, verify, export and import models."),
    "plugins": ("plugins", "plugins", "Install, list, enable, disable and remove plugins."),
    "jobs": ("jobs", "jobs", "List, pause, resume, cancel and retry jobs."),
    "doctor": ("doctor", "doctor", "Check this machine and the installation for problems."),
}


class StudioGroup(LazyGroup):
    """Prints a `SeqStudioError` as one line with exit code 1; other exceptions keep a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the built-in commands, then the installed plugins."""
        return [*COMMANDS, *(plugin.id for plugin in installed_catalogue(ctx).plugins)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a built-in command, or build a plugin's group from its manifest."""
        if cmd_name in COMMANDS:
            module, name, _ = COMMANDS[cmd_name]
            command = getattr(importlib.import_module(f"seqstudio.cli.{module}"), name)
            assert isinstance(command, click.Command)
            return command
        from seqstudio.cli.plugin_group import PluginGroup

        return PluginGroup(installed_catalogue(ctx).plugin(cmd_name))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command; raise the reason if it is a disabled or refused plugin."""
        catalogue = installed_catalogue(ctx) if args[0] not in COMMANDS else None
        if catalogue and (args[0] in catalogue.disabled or args[0] in catalogue.broken):
            catalogue.plugin(args[0])
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List plugins and built-in commands without loading any of them."""
        plugins = [
            (plugin.id, plugin.title)
            for plugin in installed_catalogue(ctx).plugins
            if not _only_recognises(plugin.table)
        ]
        commands = [(name, line) for name, (_, _, line) in COMMANDS.items()]
        sections: list[tuple[str, Sequence[tuple[str, str]]]] = [
            ("Plugins (one command group each)", plugins),
            ("Commands", commands),
        ]
        for title, rows in sections:
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; convert errors and Ctrl-C to exit codes, here only."""
        try:
            return super().invoke(ctx)
        except SeqStudioError as error:
            raise click.ClickException(one_line(str(error))) from error
        except KeyboardInterrupt:
            from seqstudio.cli.output import echo

            echo("stopped", err=True)
            ctx.exit(INTERRUPTED)


def _only_recognises(table: Mapping[str, Any]) -> bool:
    """Whether a plugin brings nothing but recognisers, which the operations of others run."""
    return bool(table.get("recognisers")) and not table.get("operations")


EPILOG = """\b
Examples:
  seqstudio demo
  seqstudio speech transcribe spelled.flac --out words --format txt,srt
  seqstudio music generate --out tune.mid --seed 7
  seqstudio train speech.ctc my-recordings --run runs/mine
  seqstudio evaluate runs/mine my-recordings --split valid

Exit codes: 0 done; 1 an error you can fix; 2 wrong usage; 3 some items were refused or failed.
Set SEQSTUDIO_HOME to keep the profile (jobs, models, caches) in another folder."""


def safe_mode(_ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001 - the signature of a click callback
    """Ignore third-party plugins in this process and all processes that it starts."""
    if value:
        os.environ[SAFE_MODE] = "1"


@click.group(cls=StudioGroup, epilog=EPILOG)
@click.option(
    "--safe-mode",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=safe_mode,
    help="Load the built-in plugins only.",
)
@click.version_option(__version__, prog_name="seqstudio", message="%(prog)s %(version)s")
def studio_command() -> None:
    """SeqStudio: an offline studio for speech recognition and MIDI music.

    Each plugin adds operations to run and models that you can train.
    """
