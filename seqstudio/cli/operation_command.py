"""Build the command of an operation, `seqstudio PLUGIN OPERATION`, from the plugin's manifest."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from seqstudio.cli.options import Device
from seqstudio.contracts.manifest import STREAMS, OperationEntry, Port
from seqstudio.contracts.options import Option


def operation_command(plugin: str, operation: OperationEntry) -> click.Command:
    """Build a command: inputs, the options of the manifest, then the options of the host."""
    options = operation.options.items()
    named = [(option.positional, manifest_option(name, option)) for name, option in options]
    parameters = [parameter for positional, parameter in named if positional]
    parameters += [input_argument(port) for port in operation.inputs]
    parameters += [parameter for positional, parameter in named if not positional]
    parameters += host_options(operation)
    command = click.Command(
        operation.name,
        params=parameters,
        callback=operation_callback(plugin, operation),
        help=operation_help(operation),
        short_help=operation.title,
        epilog=examples(operation),
    )
    needed = [port for port in operation.inputs if not port.optional and port.kind not in STREAMS]
    command.no_args_is_help = bool(needed)
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
    """Build the argument of an input. A missing file is reported as a failed item, not here.

    Instead of a stream a file may be given.
    """
    if port.kind in STREAMS:
        return click.Argument(
            [f"input_{port.name}"],
            required=False,
            type=click.Path(path_type=Path, exists=True, dir_okay=False),
            metavar="[FILE]",
        )
    return click.Argument(
        [f"input_{port.name}"],
        nargs=-1 if port.many else 1,
        required=not port.optional,
        type=click.Path(path_type=Path),
        metavar=port.name.upper() + ("..." if port.many else ""),
    )


def manifest_option(name: str, option: Option) -> click.Parameter:
    """Build an option of the manifest."""
    if option.positional:
        return click.Argument([f"option_{name}"], type=option_type(option), metavar=name.upper())
    flag = "--" + name.replace("_", "-")
    declaration = [f"option_{name}", flag]
    switch = option.type == "bool" and flag.startswith("--no-")  # has no opposite
    if option.type == "bool" and not switch:
        declaration[1] = f"{flag}/--no-{flag[2:]}"
    default = tuple(option.default or ()) if option.repeat else option.default
    return click.Option(
        declaration,
        type=None if option.type == "bool" else option_type(option),
        is_flag=switch or None,
        default=default,
        required=option.required,
        multiple=option.repeat,
        help=option.help,
        show_default=default not in (None, (), "") and not switch,
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
        if any(port.kind == "audio" and port.many for port in operation.inputs):
            options += audio_batch_options()
    elif any(port.many for port in operation.inputs):
        options.append(recursive_option())
    options += midi_options(operation)
    if tasks := operation.model_tasks():
        options += [
            click.Option(
                ["host_model", "--model"],
                default="",
                help=f"Installed name, bundle, run folder or recogniser ({' or '.join(tasks)}).",
            ),
            click.Option(
                ["host_device", "--device"],
                type=Device(),
                default="auto",
                show_default=True,
                help="Where the model runs; auto uses a CUDA GPU if there is one.",
            ),
        ]
    return [*options, click.Option(["as_json", "--json"], is_flag=True, help="Print JSON.")]


def midi_options(operation: OperationEntry) -> list[click.Parameter]:
    """Build the options of a stream of MIDI, if it reads one: the port, and the pace of a file."""
    if not any(port.kind == "stream.midi" for port in operation.inputs):
        return []
    return [
        click.Option(
            ["live_port", "--port"],
            default="",
            help="MIDI port to read without a FILE, by default the first (extra `midi-ports`).",
        ),
        click.Option(
            ["live_pace", "--pace"],
            type=click.FloatRange(0.1, 1000),
            default=1.0,
            show_default=True,
            help="How fast a FILE is played; 2 is twice its own tempo.",
        ),
    ]


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
        click.Option(
            ["host_overwrite", "--overwrite"],
            is_flag=True,
            help="Replace files that SeqStudio has not written, keeping each as NAME.bak.",
        ),
    ]


def recursive_option() -> click.Option:
    """Build --recursive, of operations that take folders."""
    return click.Option(["host_recursive", "--recursive"], is_flag=True, help="Include subfolders.")


def batch_options() -> list[click.Parameter]:
    """Build the options of a batch: subfolders, worker processes and their place, priority."""
    return [
        recursive_option(),
        click.Option(
            ["host_workers", "--workers"],
            type=click.IntRange(1),
            default=1,
            show_default=True,
            help="Number of parallel processes, one thread each.",
        ),
        click.Option(
            ["host_executor", "--executor"],
            type=click.Choice(["local", "ray"]),
            default="local",
            show_default=True,
            help="Where these run: on this machine, or on a Ray cluster (extra `ray`).",
        ),
        click.Option(
            ["host_nice", "--nice"],
            type=click.IntRange(0, 19),
            default=0,
            show_default=True,
            help="Lower the priority; 19 is the lowest.",
        ),
        click.Option(
            ["run_watch", "--watch"],
            is_flag=True,
            help="Go on with each file that comes to the folders, once it grows no more; "
            "Ctrl-C ends.",
        ),
        click.Option(
            ["run_report", "--report"],
            type=click.Path(path_type=Path, file_okay=False),
            metavar="DIR",
            help="Write report.csv and report.html there: totals, what was refused, the slowest.",
        ),
    ]


def audio_batch_options() -> list[click.Parameter]:
    """Build the options of a batch of recordings: what it will take, and going on regardless."""
    return [
        click.Option(
            ["run_dry_run", "--dry-run"],
            is_flag=True,
            help="Say how many files and hours there are, when they would be done, and the space "
            "that results need; run nothing.",
        ),
        click.Option(
            ["host_confirmed", "--yes"],
            is_flag=True,
            help="Go on even if half of the first 20 of a long batch are unlike the training data.",
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
        from seqstudio.cli.run_operation import RunOptions, run_operation
        from seqstudio.host.studio import JobSpec

        inputs = {
            port.name: files
            for port in operation.inputs
            if port.kind not in STREAMS and (files := as_paths(values[f"input_{port.name}"]))
        }
        options = {
            name: value
            for name in operation.options
            if (value := values[f"option_{name}"]) not in (None, ())
        }
        host = {k.removeprefix("host_"): v for k, v in values.items() if k.startswith("host_")}
        how = {k.removeprefix("run_"): v for k, v in values.items() if k.startswith("run_")}
        spec = JobSpec(
            plugin=plugin,
            verb="operation",
            name=operation.name,
            inputs=inputs,
            options=options,
            **host,
        )
        if stream := operation.stream_input():
            from seqstudio.cli.live import MidiSource, run_live

            live = {k.removeprefix("live_"): v for k, v in values.items() if k.startswith("live_")}
            file = values[f"input_{stream.name}"]
            seeded, midi = operation.generative, MidiSource(**live)
            run_live(spec, stream, file, as_json=as_json, seeded=seeded, midi=midi)
            return
        several = operation.runs == "batch" or spec.takes > 1
        seeded = operation.generative
        run_operation(spec, RunOptions(as_json=as_json, several=several, seeded=seeded, **how))

    return run


def as_paths(value: Path | tuple[Path, ...] | None) -> tuple[Path, ...]:
    """Return click's value of an input, one path, several or none, as a tuple."""
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (value,)
