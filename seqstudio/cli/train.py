"""`seqstudio train`: train any task of any plugin; its help lists tasks and their settings."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import click

from seqstudio.cli.base import installed_catalogue
from seqstudio.cli.options import device_option, importer_option, json_flag, pass_studio
from seqstudio.cli.output import echo
from seqstudio.cli.run_job import run_job
from seqstudio.contracts.data import Ledger
from seqstudio.contracts.manifest import TaskEntry
from seqstudio.contracts.options import Option
from seqstudio.host.jobs.train_settings import setting_text, task_options, training_options
from seqstudio.host.studio import JobSpec, Studio
from seqstudio.host.text_format import one_line
from seqstudio.services.runs import open_run

WORDS = "seqstudio.train.words"  # key of the words of the command line, for --help
PRECISIONS = ("auto", "fp32", "bf16")
MAX_REFUSED_SHOWN = 10  # refused inputs that are printed; the ledger of the run lists all
EPILOG = """\b
Examples:
  seqstudio train speech.ctc my-recordings --run runs/mine
  seqstudio train music.rolls JSB_Chorales.train.npz --run runs/jsb --set epochs=20 --set seed=3
  seqstudio train speech.ctc my-recordings --run runs/mine --resume
  seqstudio train speech.ctc my-recordings --run runs/mine --from speech-en-small
  seqstudio train speech.ctc my-recordings --run runs/mine --processes 2

You can use the run folder as a model at any time: evaluate it, or pass it to --model."""
Rows = list[tuple[str, str]]


class TrainCommand(click.Command):
    """The train command, whose help depends on the task: `train speech.ctc --help`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Store the words of the command line, since --help exits before arguments are parsed."""
        ctx.meta[WORDS] = tuple(args)
        return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the settings of the tasks on the command line, or else all tasks."""
        super().format_options(ctx, formatter)
        plugins = installed_catalogue(ctx).plugins
        tasks = {task.name: task for plugin in plugins for task in plugin.manifest.tasks}
        chosen = [tasks[word] for word in ctx.meta.get(WORDS, ()) if word in tasks]
        sections = [section for task in chosen for section in settings_sections(task)]
        rows = [(task.name, task.title) for task in tasks.values()]
        title = "Tasks (`seqstudio train TASK --help` lists the settings of one)"
        for heading, lines in sections or [(title, rows)]:
            with formatter.section(heading):
                formatter.write_dl(lines)


@click.command(cls=TrainCommand, epilog=EPILOG)
@click.argument("task")
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--run", type=click.Path(path_type=Path), required=True, help="Folder for this run.")
@click.option(
    "--preset",
    default="",
    help="Named set of defaults; if not given, the one that suits the data, or the task's first.",
)
@click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="Override a setting; repeatable."
)
@click.option(
    "--from",
    "base",
    default="",
    metavar="MODEL",
    help="Start from the weights of a model: an installed name, a bundle or a run folder.",
)
@click.option("--precision", type=click.Choice(PRECISIONS), help="Short for --set precision=...")
@click.option("--resume", is_flag=True, help="Continue exactly from the last checkpoint.")
@click.option(
    "--processes",
    type=click.IntRange(1),
    metavar="N",
    help="Train in N processes by torchrun: on a CPU, or with one GPU each.",
)
@importer_option
@device_option
@json_flag
@pass_studio
def train(
    studio: Studio,
    *,
    task: str,
    data: Path,
    run: Path,
    preset: str,
    settings: tuple[str, ...],
    base: str,
    precision: str | None,
    resume: bool,
    processes: int | None,
    importer: str,
    device: str,
    as_json: bool,
) -> None:
    """Train TASK on DATA; write model, log, ledger and checkpoints to the run folder."""
    plugin, _ = studio.catalogue.task(task)
    arguments = {
        "data": str(data.absolute()),
        "run": str(run.absolute()),
        "preset": preset,
        "settings": (*settings, *([f"precision={precision}"] if precision else [])),
        "resume": resume,
        "importer": importer,
        "processes": processes or 0,
    }
    spec = JobSpec(
        plugin=plugin.id,
        verb="train",
        name=task,
        model=base,
        device=device,
        arguments=arguments,
    )
    again = f" --processes {processes}" if processes else ""
    hint = f"to resume: seqstudio train {task} {data} --run {run} --resume{again}"
    run_job(studio.submit(spec), as_json=as_json, several=False, resume_hint=hint)
    if not as_json:
        held_out = held_out_line(open_run(run).spec.held_out)
        echo_lines(filter(None, (held_out, *result_lines(run, data))))


def echo_lines(lines: Iterable[str]) -> None:
    """Print each on one line."""
    for line in lines:
        echo(one_line(line))


def result_lines(run: Path, data: Path) -> list[str]:
    """Return lines with the data used and refused, the model's path and how to measure it."""
    file = run / "ledger.json"
    ledger = Ledger(**json.loads(file.read_bytes()))
    refused = [
        f"  {reason}" if where in reason else f"  {where}: {reason}"
        for where, reason in ledger.refused.items()
    ]
    hidden = len(refused) - MAX_REFUSED_SHOWN
    more = [f"  and {hidden} more, in {file}"] if hidden > 0 else []
    return [
        f"data: {ledger.summary()}",
        *refused[:MAX_REFUSED_SHOWN],
        *more,
        f"model: {run / 'model'}; measure it with: seqstudio evaluate {run} {data} --split valid",
    ]


def held_out_line(rule: Mapping[str, float]) -> str:
    """Return a line about the items held out for validation; "" if the data have a valid split.

    >>> held_out_line({"share": 0.05})
    'held out for validation: 5 % of the items, by a hash of their names'
    """
    if "share" in rule:
        items = f"{100 * rule['share']:g} % of the items"
    elif "groups" in rule:
        items = f"all items of {rule['groups']:g} speakers or groups"
    else:
        return ""
    return f"held out for validation: {items}, by a hash of their names"


def settings_sections(task: TaskEntry) -> list[tuple[str, Rows]]:
    """Return the help sections of a task: its own settings, then those of every training."""
    unknown = [("NAME", "Not described by the plugin; an unknown name prints the list.")]
    described = task.options is not None
    presets = task.presets if described else ()
    own = setting_rows([task_options(task, preset) for preset in presets], presets)
    common = [training_options(task, preset) for preset in task.presets]
    return [
        (f"Settings of {task.name}", own or unknown),
        ("Settings of every training", setting_rows(common, task.presets)),
    ]


def setting_rows(options: Sequence[Mapping[str, Option]], presets: Sequence[str]) -> Rows:
    """Return a row per setting: name and type, then meaning, range and defaults.

    Parameters
    ----------
    options : the settings of each preset: the same names, with different defaults
    presets : the names of the presets
    """
    rows = []
    for name, option in options[0].items() if options else ():
        kind = "|".join(option.choices) or option.type.upper()
        texts = [option.help, bounds(option), defaults([one[name] for one in options], presets)]
        rows.append((f"{name}={kind}{',...' * option.repeat}", "  ".join(filter(None, texts))))
    return rows


def bounds(option: Option) -> str:
    """Return the range of a setting in click's notation; "" if it is unbounded."""
    low = "" if option.min is None else f"{option.min:g}<="
    high = "" if option.max is None else f"<={option.max:g}"
    return f"[{low}x{high}]" if low or high else ""


def defaults(options: Sequence[Option], presets: Sequence[str]) -> str:
    """Return the default of each preset, once if all are equal; "" if there is none."""
    texts = ["" if one.default is None else setting_text(one.default) for one in options]
    if len(set(texts)) == 1:
        return f"[default: {texts[0]}]" if texts[0] else ""
    per_preset = "; ".join(f"{name}: {text}" for name, text in zip(presets, texts, strict=True))
    return f"[{per_preset}]"
