"""`seqstudio app`: start the desktop app."""

from importlib import import_module
from pathlib import Path

import click

from seqstudio.errors import ConfigError


@click.command(
    "app",
    epilog="""\b
Examples:
  seqstudio app
  seqstudio app interview.flac tune.mid
  seqstudio app album.seqstudio --screenshot album.png""",
)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--screenshot",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="PNG",
    help="Save a screenshot of the window to this file and quit.",
)
@click.option(
    "--theme",
    type=click.Choice(["system", "light", "dark", "contrast"]),
    help="Colour theme; the last one chosen if not given.",
)
@click.pass_context
def app(
    ctx: click.Context, files: tuple[Path, ...], screenshot: Path | None, theme: str | None
) -> None:
    """Open the desktop app, with a session, or with FILES imported into a new session."""
    try:
        # By name: the import contracts forbid that one front end imports the other.
        start = import_module("seqstudio.gui.shell.start")
    except ImportError as error:
        raise ConfigError(
            f"app: {error}; expected Qt's system libraries (Debian: libegl1 libxkbcommon0)"
        ) from error
    ctx.exit(start.run(files, screenshot=screenshot, theme=theme))
