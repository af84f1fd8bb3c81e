"""Writes `docs/cli.md` from the commands' own help.

`python -m seqstudio.cli.reference speech music > docs/cli.md` covers the host's verbs and these
plugins; a test compares the file with what this module gives.
"""

import sys
from collections.abc import Iterator, Sequence

import click

from seqstudio.cli.group import VERBS, studio_command

WIDTH = 96
HEAD = """# Command line

Written by `python -m seqstudio.cli.reference speech music > docs/cli.md`; do not edit by hand.
Operations are drawn from the manifests of the plugins that are installed.
"""


def reference(plugins: Sequence[str]) -> str:
    """Give the page: every command's help, the root first."""
    root = context_of(None, "seqstudio", studio_command)
    sections = [HEAD, fenced(root)]
    for name in (*VERBS, *plugins):
        command = studio_command.get_command(root, name)
        if command is None:
            raise click.UsageError(f"no command {name!r}, expected an installed plugin")
        sections += [section(context) for context in walk(root, name, command)]
    return "\n".join(sections)


def context_of(parent: click.Context | None, name: str, command: click.Command) -> click.Context:
    """Give a context whose help is equally wide on every terminal."""
    return click.Context(command, parent, name, terminal_width=WIDTH)


def walk(parent: click.Context, name: str, command: click.Command) -> Iterator[click.Context]:
    """Give a command's context, then those of its subcommands."""
    context = context_of(parent, name, command)
    yield context
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            child = command.get_command(context, each)
            if child is not None:
                yield from walk(context, each, child)


def section(context: click.Context) -> str:
    """Give one command's heading and help."""
    return f"## {context.command_path}\n\n{fenced(context)}"


def fenced(context: click.Context) -> str:
    """Give a command's help between fences, without trailing spaces."""
    lines = (line.rstrip() for line in context.get_help().splitlines())
    return "```text\n" + "\n".join(lines) + "\n```\n"


if __name__ == "__main__":
    sys.stdout.write(reference(sys.argv[1:]))
