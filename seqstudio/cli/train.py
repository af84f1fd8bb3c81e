"""`seqstudio train`: one command for every task of every plugin."""

import json
from collections.abc import Mapping
from pathlib import Path

import click

from seqstudio.cli.options import device_option, json_flag, pass_studio
from seqstudio.cli.run_job import run_job
from seqstudio.cli.train_help import TrainCommand
from seqstudio.contracts.data import Ledger
from seqstudio.host.studio import JobSpec, Studio
from seqstudio.services.runs import open_run

SHOWN = 10  # refused inputs named on the screen; the run's ledger names all
EPILOG = """\b
Examples:
  seqstudio train speech.ctc my-recordings --run runs/mine
  seqstudio train music.rolls JSB_Chorales.train.npz --run runs/jsb --set epochs=20 --set seed=3
  seqstudio train speech.ctc my-recordings --run runs/mine --resume

The run folder is a model at any time: evaluate it, or give it to --model."""


@click.command(cls=TrainCommand, epilog=EPILOG)
@click.argument("task")
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--run", type=click.Path(path_type=Path), required=True, help="Folder of this run.")
@click.option("--preset", default="", help="A named starting point; the task's first if not given.")
@click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="Change one setting; repeatable."
)
@click.option("--resume", is_flag=True, help="Go on from the last checkpoint, exactly.")
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
    resume: bool,
    device: str,
    as_json: bool,
) -> None:
    """Train TASK on DATA, and leave model, log, ledger and checkpoints in the run folder."""
    plugin, _ = studio.catalogue.task(task)
    arguments = {
        "data": str(data.absolute()),
        "run": str(run.absolute()),
        "preset": preset,
        "settings": settings,
        "resume": resume,
    }
    spec = JobSpec(plugin=plugin.id, verb="train", name=task, device=device, arguments=arguments)
    go_on = f"to go on: seqstudio train {task} {data} --run {run} --resume"
    run_job(studio.submit(spec), as_json=as_json, several=False, go_on=go_on)
    if not as_json:
        apart = held_out_line(open_run(run).spec.held_out)
        for line in (*([apart] if apart else []), *result_lines(run, data)):
            click.echo(line)


def result_lines(run: Path, data: Path) -> list[str]:
    """Say what became of the data, where the model is, and what can be done with it."""
    file = run / "ledger.json"
    ledger = Ledger(**json.loads(file.read_bytes()))
    refused = [
        f"  {reason}" if where in reason else f"  {where}: {reason}"
        for where, reason in ledger.refused.items()
    ]
    unsaid = len(refused) - SHOWN
    more = [f"  and {unsaid} more, in {file}"] if unsaid > 0 else []
    return [
        f"data: {ledger.summary()}",
        *refused[:SHOWN],
        *more,
        f"model: {run / 'model'}; measure it with: seqstudio evaluate {run} {data} --split valid",
    ]


def held_out_line(rule: Mapping[str, float]) -> str:
    """Say what a training kept apart to measure on; "" where the data have a valid part.

    >>> held_out_line({"share": 0.05})
    'held out to measure on: 5 % of the items, by a hash of their names'
    """
    if "share" in rule:
        what = f"{100 * rule['share']:g} % of the items"
    elif "groups" in rule:
        what = f"all of {rule['groups']:g} speakers or groups"
    else:
        return ""
    return f"held out to measure on: {what}, by a hash of their names"
