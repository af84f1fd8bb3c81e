"""Commands drawn from manifests: nothing of `seqstudio PLUGIN OPERATION` is written by hand."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from seqstudio.cli.options import DEVICES
from seqstudio.contracts.manifest import OperationEntry, Port
from seqstudio.contracts.options import Option

GO_ON = "run the same command again to go on where it stopped"


def operation_command(plugin: str, operation: OperationEntry) -> click.Command:
    """Draw a command: inputs, the manifest's options, then the host's."""
    parameters: list[click.Parameter] = [input_argument(port) for port in operation.inputs]
    parameters += [option_flag(name, option) for name, option in operation.options.items()]
    parameters += host_flags(operation)
    command = click.Command(
        operation.name,
        params=parameters,
        callback=runner(plugin, operation),
        help=operation_help(operation),
        short_help=operation.title,
        epilog=examples(operation),
    )
    command.no_args_is_help = any(not port.optional for port in operation.inputs)
    return command


def operation_help(operation: OperationEntry) -> str:
    """Give title, longer text, formats, and a badge where a result cannot be replayed."""
    parts = [f"{operation.title}.", operation.help]
    for port in operation.outputs:
        if port.formats:
            parts.append(f"Formats of the {port.name}: {', '.join(port.formats)}.")
    if not operation.deterministic:
        parts.append(f"Not deterministic: {operation.reason}")
    return "\n\n".join(part for part in parts if part)


def examples(operation: OperationEntry) -> str | None:
    """Give the manifest's examples, one a line, as help shows them."""
    if not operation.examples:
        return None
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in operation.examples)


def input_argument(port: Port) -> click.Argument:
    """Draw an input. Existence is the operation's to judge: a missing file is one bad item."""
    return click.Argument(
        [f"input_{port.name}"],
        nargs=-1 if port.many else 1,
        required=not port.optional,
        type=click.Path(path_type=Path),
        metavar=port.name.upper() + ("..." if port.many else ""),
    )


def option_flag(name: str, option: Option) -> click.Option:
    """Draw one option of the manifest."""
    flag = "--" + name.replace("_", "-")
    declaration = [f"option_{name}", flag]
    if option.type == "bool":
        declaration[1] = f"{flag}/--no-{flag[2:]}"
    default = tuple(option.default or ()) if option.repeat else option.default
    return click.Option(
        declaration,
        type=None if option.type == "bool" else option_type(option),
        default=default,
        multiple=option.repeat,
        help=option.help,
        show_default=default not in (None, (), ""),
    )


def option_type(option: Option) -> click.ParamType[Any]:
    """Give click's type for a manifest's type, with its bounds."""
    if option.type == "int":
        return click.IntRange(whole(option.min), whole(option.max))
    if option.type == "float":
        return click.FloatRange(option.min, option.max)
    if option.type == "choice":
        return click.Choice(option.choices)
    return click.Path(path_type=Path) if option.type == "path" else click.STRING


def whole(bound: float | None) -> int | None:
    """Give a bound of whole numbers; TOML may write it as 1.0."""
    return None if bound is None else int(bound)


def host_flags(operation: OperationEntry) -> list[click.Parameter]:
    """Draw what the host owns: where results go, and what a kind of operation can be asked."""
    flags: list[click.Parameter] = []
    if operation.outputs:
        flags += output_flags(operation)
    if operation.generative:
        flags += [
            click.Option(["host_seed", "--seed"], type=int, help="Same seed, same bytes."),
            click.Option(
                ["host_takes", "--takes"],
                type=click.IntRange(1),
                default=1,
                show_default=True,
                help="How many results; each has a seed of its own.",
            ),
        ]
    if operation.runs == "batch":
        flags += batch_flags()
    if tasks := operation.model_tasks():
        flags += [
            click.Option(
                ["host_model", "--model"],
                default="",
                help=f"Installed name, bundle or run folder ({' or '.join(tasks)}).",
            ),
            click.Option(
                ["host_device", "--device"],
                type=click.Choice(DEVICES),
                default="auto",
                show_default=True,
                help="Where the model runs; auto takes a GPU where there is one.",
            ),
        ]
    help_text = "JSON on stdout, for programs."
    return [*flags, click.Option(["as_json", "--json"], is_flag=True, help=help_text)]


def output_flags(operation: OperationEntry) -> list[click.Parameter]:
    """Draw --out, and --format with the formats the manifest names."""
    batch = operation.runs == "batch"
    formats = [name for port in operation.outputs for name in port.formats]
    return [
        click.Option(
            ["host_out", "--out"],
            type=click.Path(path_type=Path),
            required=True,
            metavar="DIR" if batch else "FILE",
            help="Folder for the results." if batch else "File for the result.",
        ),
        click.Option(
            ["host_formats", "--format"],
            type=FormatList(),
            default=(),
            metavar="NAMES",
            help=f"One or several, with commas: {', '.join(formats)}.",
        ),
    ]


def batch_flags() -> list[click.Parameter]:
    """Draw what a batch can be asked: folders, processes, good manners."""
    return [
        click.Option(["host_recursive", "--recursive"], is_flag=True, help="Look into subfolders."),
        click.Option(
            ["host_workers", "--workers"],
            type=click.IntRange(1),
            default=1,
            show_default=True,
            help="Processes side by side, one thread each.",
        ),
        click.Option(
            ["host_nice", "--nice"],
            type=click.IntRange(0, 19),
            default=0,
            show_default=True,
            help="Give way to other programs.",
        ),
    ]


class FormatList(click.ParamType[tuple[str, ...]]):
    """Names with commas between them."""

    name = "names"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Split at commas; the host judges the names, since plugins may bring more."""
        if isinstance(value, tuple):
            return value
        return tuple(name.strip() for name in str(value).split(",") if name.strip())


def runner(plugin: str, operation: OperationEntry) -> Callable[..., None]:
    """Give the function that runs a drawn command."""

    def run(*, as_json: bool, **values: Any) -> None:
        from seqstudio.cli.run_job import run_job
        from seqstudio.host.studio import JobSpec, Studio

        inputs = {
            port.name: files
            for port in operation.inputs
            if (files := as_files(values[f"input_{port.name}"]))
        }
        options = {
            name: value
            for name in operation.options
            if (value := values[f"option_{name}"]) not in (None, ())
        }
        host = {k.removeprefix("host_"): v for k, v in values.items() if k.startswith("host_")}
        spec = JobSpec(
            plugin=plugin,
            verb="operation",
            name=operation.name,
            inputs=inputs,
            options=options,
            **host,
        )
        several = operation.runs == "batch" or spec.takes > 1
        run_job(Studio().submit(spec), as_json=as_json, several=several, go_on=GO_ON)

    return run


def as_files(value: Path | tuple[Path, ...] | None) -> tuple[Path, ...]:
    """Give a tuple, whether click had one path, several or none."""
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (value,)
