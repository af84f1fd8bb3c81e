"""Options that several commands share, and the decorator that passes them the studio."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Concatenate, ParamSpec

import click

if TYPE_CHECKING:
    from seqstudio.host.studio import Studio

P = ParamSpec("P")
DEVICES = ("auto", "cpu", "cuda", "mps")

json_flag = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
device_option = click.option(
    "--device",
    type=click.Choice(DEVICES),
    default="auto",
    show_default=True,
    help="Where the model runs; auto uses a CUDA GPU if there is one.",
)


def pass_studio(command: Callable[Concatenate[Studio, P], None]) -> Callable[P, None]:
    """Pass the studio to a command; it is opened when the command runs, not for its help."""

    @functools.wraps(command)
    def with_studio(*arguments: P.args, **options: P.kwargs) -> None:
        from seqstudio.host.studio import Studio

        command(Studio(), *arguments, **options)

    return with_studio
