"""The root command: the host's verbs, and one group for each plugin, all loaded when called."""

from __future__ import annotations  # keeps `typing` and annotations off the path of --help

import importlib
import os
from collections.abc import Sequence

import click

from seqstudio import __version__
from seqstudio.errors import SeqStudioError
from seqstudio.host.catalogue.catalogue import SAFE_MODE, Catalogue
from seqstudio.host.profile import Profile

INTERRUPTED = 130  # what a shell expects of a program that Ctrl-C stopped

# verb -> (module, its command, one line for the listing)
VERBS = {
    "app": ("app", "app", "Open the desktop app."),
    "demo": ("demo", "demo", "Transcribe shipped speech, compose two pieces, draw and render."),
    "train": ("train", "train", "Train a task's model on a folder of your own."),
    "evaluate": ("evaluate", "evaluate", "Measure a model on data that it has not seen."),
    "models": ("models", "models", "List, show and verify models."),
    "plugins": ("plugins", "plugins", "Install, list, switch and remove plugins."),
    "jobs": ("jobs", "jobs", "List jobs; pause, resume, cancel or retry one."),
    "doctor": ("doctor", "doctor", "Say what this machine can do, and what is amiss."),
}


def installed(ctx: click.Context) -> Catalogue:
    """Give the catalogue, read once for each run of the command line."""
    root = ctx.find_root()
    if "catalogue" not in root.meta:
        root.meta["catalogue"] = Catalogue.load(Profile())
    catalogue: Catalogue = root.meta["catalogue"]
    return catalogue


class LazyGroup(click.Group):
    """A group whose commands are found by name when called, with near names on a miss."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command; an unknown one is a usage error that names its neighbours."""
        known = self.list_commands(ctx)
        if args[0] not in known and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise click.exceptions.NoSuchCommand(args[0], possibilities=known, ctx=ctx)
        return super().resolve_command(ctx, args)


class StudioGroup(LazyGroup):
    """Shows a fixable error as one line with exit code 1; a bug keeps its traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the host's verbs, then the installed plugins."""
        return [*VERBS, *(plugin.id for plugin in installed(ctx).plugins)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a verb's module, or draw a plugin's group from its manifest."""
        if cmd_name in VERBS:
            module, name, _ = VERBS[cmd_name]
            command = getattr(importlib.import_module(f"seqstudio.cli.{module}"), name)
            assert isinstance(command, click.Command)
            return command
        from seqstudio.cli.plugin_group import PluginGroup

        return PluginGroup(installed(ctx).plugin(cmd_name))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command; of a plugin that is off or refused, say so and why."""
        catalogue = installed(ctx) if args[0] not in VERBS else None
        if catalogue and (args[0] in catalogue.disabled or args[0] in catalogue.broken):
            catalogue.plugin(args[0])
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List instruments and verbs from the catalogue, without loading any command."""
        plugins = [(plugin.id, plugin.title) for plugin in installed(ctx).plugins]
        verbs = [(name, line) for name, (_, _, line) in VERBS.items()]
        sections: list[tuple[str, Sequence[tuple[str, str]]]] = [
            ("Instruments (one group for each plugin)", plugins),
            ("The studio", verbs),
        ]
        for title, rows in sections:
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; the one place where errors become exit codes."""
        try:
            return super().invoke(ctx)
        except SeqStudioError as error:
            raise click.ClickException(str(error)) from error
        except KeyboardInterrupt:
            click.echo("stopped", err=True)
            ctx.exit(INTERRUPTED)


EPILOG = """\b
Examples:
  seqstudio demo
  seqstudio speech transcribe spelled.flac --out words --format txt,srt
  seqstudio music generate --out tune.mid --seed 7
  seqstudio train speech.ctc my-recordings --run runs/mine
  seqstudio evaluate runs/mine my-recordings --split valid

Exit codes: 0 done; 1 an error you can fix; 2 wrong usage; 3 some items were refused or failed.
SEQSTUDIO_HOME moves the profile (jobs, caches) to a folder of your choice."""


def safe_mode(_ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click calls it so
    """Leave the plugins of others alone, here and in every process that this one starts."""
    if value:
        os.environ[SAFE_MODE] = "1"


@click.group(cls=StudioGroup, epilog=EPILOG)
@click.option(
    "--safe-mode",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=safe_mode,
    help="Use the plugins in the box only.",
)
@click.version_option(__version__, prog_name="seqstudio", message="%(prog)s %(version)s")
def studio_command() -> None:
    """SeqStudio: an offline studio for sequences of sound.

    Instruments are plugins; each brings its operations, and models that you can train.
    """
