"""What several command groups share: lazy loading, the installed catalogue, exit codes."""

from __future__ import annotations  # keeps `typing` and annotations off the path of --help

import click

from seqstudio.host.catalogue.catalogue import Catalogue
from seqstudio.host.profile import Profile

INCOMPLETE = 3  # some items were refused or failed
INTERRUPTED = 130  # the exit code that shells expect after Ctrl-C
HERE = "here"  # the object of the root command where plugins run in this process


class LazyGroup(click.Group):
    """A group that loads a command when it is called; an unknown name gets suggestions."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command; an unknown name is a usage error that suggests similar names."""
        known = self.list_commands(ctx)
        if args[0] not in known and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise click.exceptions.NoSuchCommand(args[0], possibilities=known, ctx=ctx)
        return super().resolve_command(ctx, args)


def runs_here() -> bool:
    """Whether plugins run in this process, for breakpoints: `plugins dev --here`."""
    context = click.get_current_context(silent=True)
    return context is not None and context.find_root().obj == HERE


def installed_catalogue(ctx: click.Context) -> Catalogue:
    """Return the catalogue, which is read once per run of the command line."""
    root = ctx.find_root()
    if "catalogue" not in root.meta:
        root.meta["catalogue"] = Catalogue.load(Profile())
    catalogue: Catalogue = root.meta["catalogue"]
    return catalogue
