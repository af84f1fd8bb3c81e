"""`seqstudio PLUGIN learn`: train a model on corrections, and keep it if it is not worse."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from seqstudio.cli.options import device_option, importer_option, json_flag, open_studio
from seqstudio.cli.output import echo, to_json
from seqstudio.cli.reporters import QuietReporter, text_reporter
from seqstudio.cli.run_job import exit_unless_done, follow_job
from seqstudio.cli.train import echo_lines
from seqstudio.host.catalogue.catalogue import Plugin
from seqstudio.host.studio import JobSpec, Studio
from seqstudio.services.runs import open_run

HELP = """Learn from corrections: trains MODEL further on DATA that a person has corrected.

A part of DATA is held out, whole recordings or speakers if there are at least three, and measured
with the weights before and after, which see it at no other time. The new weights are kept only if
they are not worse; otherwise the run's model is the one from before, and the exit code is 1. The
model's alphabet or vocabulary stays: texts with other letters are refused, and the run's ledger
says which.

DATA is what `seqstudio train` reads."""
EXAMPLES = """\b
Examples:
  seqstudio {plugin} learn corrected --run runs/mine
  seqstudio {plugin} learn corrected --model runs/mine --run runs/better --minutes 30

The run folder is a model: pass it to --model, or `seqstudio models import` it."""


def learn_command(plugin: Plugin) -> click.Command:
    """Build the command for the models of a plugin."""

    @click.command("learn", help=HELP, epilog=EXAMPLES.format(plugin=plugin.id))
    @click.argument("data", type=click.Path(path_type=Path))
    @click.option("--run", type=click.Path(path_type=Path), required=True, help="Folder for it.")
    @click.option(
        "--model",
        default="",
        help="A name, a bundle or a run folder; if not given, the one that comes with the plugin.",
    )
    @click.option(
        "--minutes", type=click.FloatRange(0), default=0.0, help="Stop training after so many."
    )
    @click.option(
        "--share",
        type=click.FloatRange(0, 0.9, min_open=True),
        default=0.2,
        show_default=True,
        help="Share of the data that is held out, if they have no test split.",
    )
    @click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="NAME=VALUE",
        help="A setting as of `seqstudio train`, such as epochs=5; repeatable.",
    )
    @click.option("--resume", is_flag=True, help="Continue a run that was cut off.")
    @importer_option
    @device_option
    @json_flag
    def learn(
        *, data: Path, run: Path, model: str, device: str, as_json: bool, **arguments: Any
    ) -> None:
        studio = open_studio()
        spec = learn_spec(studio, plugin, data, run, model=model, device=device, **arguments)
        run_learning(studio, spec, as_json=as_json)

    return learn


def learn_spec(
    studio: Studio,
    plugin: Plugin,
    data: Path,
    run: Path,
    *,
    model: str,
    device: str,
    resume: bool,
    **arguments: Any,
) -> JobSpec:
    """Return the job; a run that goes on has its own copy of the model that it began with.

    Raises
    ------
    SeqStudioError
        If the model is not there, or none is given where the plugin does not bring exactly one.
    """
    if resume:
        task, model = open_run(run).spec.task, ""
    else:
        model = model or only_model(plugin)
        task = studio.models.find(model).facts.task
    return JobSpec(
        plugin=plugin.id,
        verb="learn",
        name=task,
        model=model,
        device=device,
        arguments={
            "data": str(data.absolute()),
            "run": str(run.absolute()),
            "resume": resume,
            **arguments,
        },
    )


def only_model(plugin: Plugin) -> str:
    """Return the model that a plugin brings; raise a usage error if it brings none or several."""
    names = [entry["name"] for entry in plugin.table.get("models", ())]
    if len(names) != 1:
        raise click.UsageError(f"name a model with --model: {', '.join(names) or 'none is here'}")
    return str(names[0])


def run_learning(studio: Studio, spec: JobSpec, *, as_json: bool) -> None:
    """Run the job, and show what the held-out part says; exit with 1 if it says no."""
    run = Path(spec.arguments["run"])
    reporter = QuietReporter(several=False) if as_json else text_reporter(several=False)
    hint = "to go on: the same command with --resume"
    outcome = follow_job(studio.submit(spec), reporter, resume_hint=hint)
    exit_unless_done(outcome, several=False)
    judged = outcome.finished.value
    if as_json:
        echo(to_json({**judged, "run": str(run)}))
    else:
        echo_lines(judgement_lines(judged, run))
    if not judged["kept"]:
        raise click.exceptions.Exit(1)


def judgement_lines(judged: Mapping[str, Any], run: Path) -> list[str]:
    r"""Return what was measured, and what follows from it, as lines of text.

    >>> table = {"metric": "cer", "items": 9, "total": 45, "kept": True, "sure": False}
    >>> table |= {"before": {"value": 0.2, "low": 0.1, "high": 0.3}}
    >>> table |= {"after": {"value": 0.1, "low": 0.05, "high": 0.2}}
    >>> table |= {"difference": {"value": -0.1, "low": -0.21, "high": 0.01}}
    >>> print("\n".join(judgement_lines(table, Path("runs/mine"))))
    held out: 9 of 45 items, with 95 % intervals
    cer before: 0.2 (0.1 to 0.3)
    cer after: 0.1 (0.05 to 0.2)
    difference: -0.1 (-0.21 to 0.01), which may be chance
    kept; the model is runs/mine
    """

    def estimate(name: str) -> str:
        value, low, high = (judged[name][key] for key in ("value", "low", "high"))
        return f"{value:.4g} ({low:.4g} to {high:.4g})"

    metric, chance = judged["metric"], "" if judged["sure"] else ", which may be chance"
    return [
        f"held out: {judged['items']} of {judged['total']} items, with 95 % intervals",
        f"{metric} before: {estimate('before')}",
        f"{metric} after: {estimate('after')}",
        f"difference: {estimate('difference')}{chance}",
        f"kept; the model is {run}"
        if judged["kept"]
        else f"not kept, since it is worse; the model in {run} is the one from before",
    ]
