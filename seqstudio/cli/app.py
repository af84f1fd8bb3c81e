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
    help="Draw the window, save its picture here and quit.",
)
@click.option(
    "--theme",
    type=click.Choice(["system", "light", "dark"]),
    help="How it is dressed; without it, as it was chosen last.",
)
@click.pass_context
def app(
    ctx: click.Context, files: tuple[Path, ...], screenshot: Path | None, theme: str | None
) -> None:
    """Open the desktop app, with a session or with FILES to bring into a new one."""
    try:
        start = import_module(
            "seqstudio.gui.shell.start"
        )  # by name: neither front end imports the other
    except ImportError as bad:
        raise ConfigError(
            f"app: {bad}; expected Qt's system libraries (Debian: libegl1 libxkbcommon0)"
        ) from bad
    ctx.exit(start.run(files, screenshot=screenshot, theme=theme))
