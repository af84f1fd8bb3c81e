"""Build the command of an operation, `seqstudio PLUGIN OPERATION`, from the plugin's manifest."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from seqstudio.cli.options import DEVICES
from seqstudio.contracts.manifest import OperationEntry, Port
from seqstudio.contracts.options import Option

RESUME_HINT = "run the same command again to continue where it stopped"


def operation_command(plugin: str, operation: OperationEntry) -> click.Command:
    """Build a command: inputs, the options of the manifest, then the options of the host."""
    parameters: list[click.Parameter] = [input_argument(port) for port in operation.inputs]
    parameters += [manifest_option(name, option) for name, option in operation.options.items()]
    parameters += host_options(operation)
    command = click.Command(
        operation.name,
        params=parameters,
        callback=operation_callback(plugin, operation),
        help=operation_help(operation),
        short_help=operation.title,
        epilog=examples(operation),
    )
    command.no_args_is_help = any(not port.optional for port in operation.inputs)
    return command


def operation_help(operation: OperationEntry) -> str:
    """Return title, description, formats, and why results are not reproducible, if so."""
    parts = [f"{operation.title}.", operation.help]
    for port in operation.outputs:
        if port.formats:
            parts.append(f"Formats of the {port.name}: {', '.join(port.formats)}.")
    if not operation.deterministic:
        parts.append(f"Not deterministic: {operation.reason}")
    return "\n\n".join(part for part in parts if part)


def examples(operation: OperationEntry) -> str | None:
    """Return the examples of the manifest, one per line; None if there are none."""
    if not operation.examples:
        return None
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in operation.examples)


def input_argument(port: Port) -> click.Argument:
    """Build the argument of an input. A missing file is reported as a failed item, not here."""
    return click.Argument(
        [f"input_{port.name}"],
        nargs=-1 if port.many else 1,
        required=not port.optional,
        type=click.Path(path_type=Path),
        metavar=port.name.upper() + ("..." if port.many else ""),
    )


def manifest_option(name: str, option: Option) -> click.Option:
    """Build an option of the manifest."""
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
    """Return the click type of a manifest option, with its bounds."""
    if option.type == "int":
        return click.IntRange(int_bound(option.min), int_bound(option.max))
    if option.type == "float":
        return click.FloatRange(option.min, option.max)
    if option.type == "choice":
        return click.Choice(option.choices)
    return click.Path(path_type=Path) if option.type == "path" else click.STRING


def int_bound(bound: float | None) -> int | None:
    """Return a bound as an integer; TOML may write it as 1.0."""
    return None if bound is None else int(bound)


def host_options(operation: OperationEntry) -> list[click.Parameter]:
    """Build the options of the host: outputs, seed and takes, batch options, model and device."""
    options: list[click.Parameter] = []
    if operation.outputs:
        options += output_options(operation)
    if operation.generative:
        options += [
            click.Option(
                ["host_seed", "--seed"], type=int, help="Seed; the same seed gives the same bytes."
            ),
            click.Option(
                ["host_takes", "--takes"],
                type=click.IntRange(1),
                default=1,
                show_default=True,
                help="Number of results, each with its own seed.",
            ),
        ]
    if operation.runs == "batch":
        options += batch_options()
    if tasks := operation.model_tasks():
        options += [
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
                help="Where the model runs; auto uses a CUDA GPU if there is one.",
            ),
        ]
    help_text = "Print JSON."
    return [*options, click.Option(["as_json", "--json"], is_flag=True, help=help_text)]


def output_options(operation: OperationEntry) -> list[click.Parameter]:
    """Build --out, and --format with the formats of the manifest."""
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
            help=f"One or more, separated by commas: {', '.join(formats)}.",
        ),
    ]


def batch_options() -> list[click.Parameter]:
    """Build the options of a batch: subfolders, worker processes, priority."""
    return [
        click.Option(["host_recursive", "--recursive"], is_flag=True, help="Include subfolders."),
        click.Option(
            ["host_workers", "--workers"],
            type=click.IntRange(1),
            default=1,
            show_default=True,
            help="Number of parallel processes, one thread each.",
        ),
        click.Option(
            ["host_nice", "--nice"],
            type=click.IntRange(0, 19),
            default=0,
            show_default=True,
            help="Lower the priority; 19 is the lowest.",
        ),
    ]


class FormatList(click.ParamType[tuple[str, ...]]):
    """Names separated by commas."""

    name = "names"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Split at commas; the host checks the names, since plugins can add formats."""
        if isinstance(value, tuple):
            return value
        return tuple(name.strip() for name in str(value).split(",") if name.strip())


def operation_callback(plugin: str, operation: OperationEntry) -> Callable[..., None]:
    """Return the function that runs the operation."""

    def run(*, as_json: bool, **values: Any) -> None:
        from seqstudio.cli.run_job import run_job
        from seqstudio.host.studio import JobSpec, Studio

        inputs = {
            port.name: files
            for port in operation.inputs
            if (files := as_paths(values[f"input_{port.name}"]))
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
        run_job(Studio().submit(spec), as_json=as_json, several=several, resume_hint=RESUME_HINT)

    return run


def as_paths(value: Path | tuple[Path, ...] | None) -> tuple[Path, ...]:
    """Return click's value of an input, one path, several or none, as a tuple."""
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (value,)
