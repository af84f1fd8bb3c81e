"""Options that several commands share, and the decorator that passes them the studio."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Concatenate, ParamSpec

import click

from seqstudio.cli.base import runs_here

if TYPE_CHECKING:
    from seqstudio.host.studio import Studio

P = ParamSpec("P")


class Device(click.ParamType[str]):
    """A device by the names of torch; whether this machine has it, the worker finds out."""

    name = "device"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Show the names in help."""
        return "[auto|cpu|cuda|cuda:N|mps]"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Accept the names, and `cuda:` with the number of a GPU."""
        text = str(value)
        if re.fullmatch(r"auto|cpu|mps|cuda(:\d{1,3})?", text) is None:
            self.fail(f"{text!r} is not one of auto, cpu, cuda, cuda:N, mps.", param, ctx)
        return text


json_flag = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
importer_option = click.option(
    "--importer",
    default="",
    metavar="NAME[:TIER]",
    help="Who reads the data, and which tier of its files (ELAN, TextGrid); of another plugin "
    "PLUGIN.NAME. Needed if several can, or files have several tiers.",
)
device_option = click.option(
    "--device",
    type=Device(),
    default="auto",
    show_default=True,
    help="Where the model runs; auto uses a CUDA GPU if there is one.",
)


def open_studio() -> Studio:
    """Open the studio of this command; plugins run in workers, or for breakpoints here."""
    from seqstudio.host.studio import Studio

    return Studio(workers=not runs_here())


def pass_studio(command: Callable[Concatenate[Studio, P], None]) -> Callable[P, None]:
    """Pass the studio to a command; it is opened when the command runs, not for its help."""

    @functools.wraps(command)
    def with_studio(*arguments: P.args, **options: P.kwargs) -> None:
        command(open_studio(), *arguments, **options)

    return with_studio
