"""`seqstudio plugins dev`: try a plugin in its folder while it is being written."""

import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from seqstudio.cli.base import HERE
from seqstudio.cli.output import echo
from seqstudio.errors import SeqStudioError
from seqstudio.host.profile import Profile

POLL_S = 0.5
ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # Ctrl-C, kill, a closed terminal


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("command", nargs=-1, metavar="[-- COMMAND...]")
@click.option(
    "--here",
    is_flag=True,
    help="Run COMMAND once, in this process, where breakpoints work and nothing is confined.",
)
def dev(folder: Path, command: tuple[str, ...], *, here: bool) -> None:
    """Use a plugin's project in its folder until Ctrl-C; every job runs what is saved there.

    The plugin is loaded at once and after each save, and then COMMAND runs, if there is one: a
    command of seqstudio without its name. What the plugin's jobs print is shown, with tracebacks
    that end at your line, also of jobs that the app or another terminal starts.
    """
    from seqstudio.host.store.store import Store

    store = Store(Profile())
    identity = store.link(folder)
    for number in ENDS:
        signal.signal(number, signal.default_int_handler)
    try:
        if here:
            run_here(folder, command)
        else:
            develop(identity, folder, command)
    except KeyboardInterrupt:
        echo(f"{identity} is no longer used from {folder}", err=True)
    finally:
        store.unlink(identity)


def run_here(folder: Path, command: Sequence[str]) -> None:
    """Run a command in this process, with the plugin's code on Python's path."""
    from seqstudio.cli.root import studio_command

    if not command:
        raise click.UsageError("--here without a command, expected one after --")
    sys.path.insert(0, str(folder.absolute() / "src"))
    studio_command.main(list(command), prog_name="seqstudio", obj=HERE)


def develop(identity: str, folder: Path, command: Sequence[str]) -> None:
    """Load the plugin and run the command after each save; show logs. Ends with Ctrl-C."""
    from seqstudio.host.store.development import JobLogs, saves

    logs = JobLogs(identity, folder, Profile())
    for saved in saves(folder, POLL_S):
        if saved and reload(identity, folder) and command:
            subprocess.run([sys.executable, "-m", "seqstudio", *command], check=False)
        for text in logs.new():
            echo(text.rstrip("\n"), err=True)


def reload(identity: str, folder: Path) -> bool:
    """Load the plugin as it is now, and say how it went; return whether it did."""
    from seqstudio.host.store.development import load
    from seqstudio.host.store.store import Store

    profile = Profile()
    try:
        Store(profile).link(folder)  # name and version may have changed
        load(identity, folder, profile)
    except SeqStudioError as error:
        echo(str(error), err=True)
        return False
    echo(f"{identity} is loaded from {folder}")
    return True
