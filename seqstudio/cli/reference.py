"""Write `docs/cli.md` from the help of the commands.

`python -m seqstudio.cli.reference speech music forecast text > docs/cli.md` covers the
built-in commands and the named plugins; a test checks that the file is up to date.
"""

import sys
from collections.abc import Iterator, Sequence

import click

from seqstudio.cli.root import COMMANDS, studio_command

WIDTH = 96
HEAD = """# Command line

Written by `python -m seqstudio.cli.reference speech music forecast text > docs/cli.md`;
do not edit by hand. The operations come from the manifests of the installed plugins.
"""


def reference(plugins: Sequence[str]) -> str:
    """Return the page: the help of every command, the root first."""
    root = context_of(None, "seqstudio", studio_command)
    sections = [HEAD, fenced(root)]
    for name in (*COMMANDS, *plugins):
        command = studio_command.get_command(root, name)
        if command is None:
            raise click.UsageError(f"no command {name!r}, expected an installed plugin")
        sections += [section(context) for context in walk(root, name, command)]
    return "\n".join(sections)


def context_of(parent: click.Context | None, name: str, command: click.Command) -> click.Context:
    """Return a context whose help has the same width on every terminal."""
    return click.Context(command, parent, name, terminal_width=WIDTH)


def walk(parent: click.Context, name: str, command: click.Command) -> Iterator[click.Context]:
    """Yield the context of a command, then those of its subcommands."""
    context = context_of(parent, name, command)
    yield context
    if isinstance(command, click.Group):
        for subcommand in command.list_commands(context):
            child = command.get_command(context, subcommand)
            if child is not None:
                yield from walk(context, subcommand, child)


def section(context: click.Context) -> str:
    """Return the heading and help of one command."""
    return f"## {context.command_path}\n\n{fenced(context)}"


def fenced(context: click.Context) -> str:
    """Return the help of a command in a code fence, without trailing spaces."""
    lines = (line.rstrip() for line in context.get_help().splitlines())
    return "```text\n" + "\n".join(lines) + "\n```\n"


if __name__ == "__main__":
    sys.stdout.write(reference(sys.argv[1:]))
