"""`seqstudio models`: list, show, verify, tune, export, import and remove models."""

from pathlib import Path
from typing import Any

import click

from seqstudio.cli.options import device_option, importer_option, json_flag, pass_studio
from seqstudio.cli.output import echo, table, to_json
from seqstudio.cli.tune import tune_model
from seqstudio.cli.verify import verify_model
from seqstudio.contracts.plain import to_plain
from seqstudio.host.catalogue.card_text import card_rows, format_metrics
from seqstudio.host.catalogue.models import FoundModel
from seqstudio.host.catalogue.recognisers import FoundRecogniser, named_recognisers
from seqstudio.host.jobs.experience import experience_of
from seqstudio.host.studio import Studio
from seqstudio.host.text_format import format_size, one_line
from seqstudio.services.runs import open_run
from seqstudio.services.stored_weights import StoredWeights, stored_weights

RECOGNISER_HEAD = (
    *("recogniser", "plugin", "languages", "size", "licence"),
    *("speed here", "words wrong here", "installed"),
)
model_argument = click.argument("model")


@click.group()
def models() -> None:
    """List, show, verify, tune, export, import and remove models.

    MODEL is an installed name, a bundle (a folder or a .seqmodel file) or a run folder.
    """


@models.command("list")
@json_flag
@pass_studio
def list_models(studio: Studio, *, as_json: bool) -> None:
    """List the installed models with their metrics."""
    cards, damaged = studio.models.cards(), studio.models.damaged()
    recognisers = named_recognisers(studio.catalogue)
    if as_json:
        found = [model_summary(model) for model in cards]
        others = [recogniser_summary(one, studio) for one in recognisers]
        echo(to_json({"models": found, "recognisers": others, "damaged": damaged}))
        return
    head = ("model", "task", "origin", "size", "metrics")
    rows = [
        (m.name, m.facts.task, m.origin, format_size(m.facts.size), format_metrics(m) or "-")
        for m in cards
    ]
    echo(table(head, rows) if rows else "No model is installed; `seqstudio train` trains one.")
    if recognisers:
        echo("\nRecognisers of plugins, for --model of the same operations and of evaluate:")
        echo(table(RECOGNISER_HEAD, (recogniser_row(one, studio) for one in recognisers)))
    for reason in damaged.values():
        echo(one_line(reason), err=True)


@models.command("show")
@model_argument
@json_flag
@pass_studio
def show_model(studio: Studio, *, model: str, as_json: bool) -> None:
    """Show the card of a model: data, recipe, licence, metrics."""
    found = studio.models.find(model)
    if as_json:
        echo(to_json({**model_summary(found), "card": found.facts.card}))
        return
    echo(table(("field", "value"), card_rows(found)))


@models.command("verify")
@model_argument
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Also measure the model on this data and compare with the metrics on its card.",
)
@device_option
@json_flag
@pass_studio
def verify(studio: Studio, *, model: str, data: Path | None, device: str, as_json: bool) -> None:
    """Check the hash of every file, and the outputs of the model against recorded ones."""
    verify_model(studio, model, data=data, device=device, as_json=as_json)


@models.command("tune")
@model_argument
@click.argument("data", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="New folder for the tuned model."
)
@click.option(
    "--text",
    type=click.Path(path_type=Path, exists=True),
    help="A text, an ARPA file or a language model, instead of the training transcripts.",
)
@importer_option
@device_option
@json_flag
@pass_studio
def tune(
    studio: Studio,
    *,
    model: str,
    data: Path,
    out: Path,
    text: Path | None,
    importer: str,
    device: str,
    as_json: bool,
) -> None:
    """Choose how MODEL decodes, by the valid split of DATA; its weights stay as they are.

    A recogniser of speech gets a language model of the transcripts of the train split, and the
    weights, the beam and the confidence that suit it.
    """
    tune_model(
        studio,
        model,
        data,
        out=out,
        text=text,
        importer=importer,
        device=device,
        as_json=as_json,
    )


@models.command("export")
@model_argument
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--int8", is_flag=True, help="Store weights in 8 bits: half the size, a little loss.")
@pass_studio
def export_model(studio: Studio, *, model: str, target: Path, int8: bool) -> None:
    """Copy MODEL to TARGET: a new folder, or one file if its name ends in .seqmodel."""
    found = studio.models.export(model, target, int8=int8)
    echo(f"{found.path}: {format_size(found.facts.size)}, sha256 {found.sha256}")


@models.command("import")
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--name", default="", help="Installed name; the bundle's name if not given.")
@click.option(
    "--step",
    type=click.IntRange(min=1),
    help="Of a run folder: the weights of this step, instead of the best model.",
)
@pass_studio
def import_model(studio: Studio, *, bundle: Path, name: str, step: int | None) -> None:
    """Install a BUNDLE, or the best model of a run folder, after checking every file.

    If the plugin of its task is installed, a worker loads the model once, which checks its weights.
    The steps whose weights a run has are listed by `models checkpoints`.
    """
    if step is None:
        found = studio.import_model(bundle, name)
    else:
        default = f"{bundle.absolute().name}-step-{step}"
        found = studio.keep_weights(bundle, step, name or default)
    echo(f"{found.name}: {found.facts.task}, installed")


@models.command("checkpoints")
@click.argument("run", type=click.Path(path_type=Path))
@json_flag
def checkpoints(*, run: Path, as_json: bool) -> None:
    """List the steps of RUN whose weights are there, for `models import --step`.

    These are the newest and the best ones, and those that the setting keep_every asked for.
    """
    found = stored_weights(open_run(run))
    if as_json:
        echo(to_json([checkpoint_summary(one) for one in found]))
        return
    rows = [(one.step, one.title.partition(",")[0], _measured(one)) for one in found]
    head = ("step", "epoch", "on the valid split")
    echo(table(head, rows) if rows else f"{run}: no weights yet; the first checkpoint has some.")


def checkpoint_summary(stored: StoredWeights) -> dict[str, Any]:
    """Return the fields of stored weights for JSON."""
    metrics = stored.evaluated.metrics if stored.evaluated else {}
    return {
        "step": stored.step,
        "epoch": stored.epoch,
        "complete": stored.complete,
        "path": stored.path,
        "metrics": metrics,
    }


def _measured(stored: StoredWeights) -> str:
    event = stored.evaluated
    return f"{event.monitor} {event.value:.4g}" if event else "not measured"


@models.command("remove")
@click.argument("name")
@pass_studio
def remove_model(studio: Studio, *, name: str) -> None:
    """Remove an imported model."""
    studio.models.remove(name)
    echo(f"{name}: removed")


def recogniser_row(found: FoundRecogniser, studio: Studio) -> tuple[str, ...]:
    """Return the row of a recogniser; one that is not installed has the command that does it."""
    entry = found.entry
    known = experience_of(studio.jobs.database, entry.name, found.sha256)
    speed = "-" if known.times_real_time is None else f"{known.times_real_time:.1f} x real time"
    wrong = "-" if known.wer is None else f"{known.wer:.1%} ({known.data})"
    return (
        entry.name,
        found.plugin.id,
        ", ".join(entry.languages) or "many",
        format_size(entry.megabytes * 1e6),
        entry.licence or "-",
        speed,
        wrong,
        f"no: {entry.install}" if found.missing else "yes",
    )


def recogniser_summary(found: FoundRecogniser, studio: Studio) -> dict[str, Any]:
    """Return the fields of a recogniser for JSON, with what was measured on this machine."""
    known = experience_of(studio.jobs.database, found.entry.name, found.sha256)
    return {
        **to_plain(found.entry),
        "plugin": found.plugin.id,
        "installed": not found.missing,
        "measured": to_plain(known),
    }


def model_summary(model: FoundModel) -> dict[str, Any]:
    """Return the fields of a model for JSON."""
    facts = model.facts
    return {
        "name": model.name,
        "title": facts.card.title,
        "task": facts.task,
        "origin": model.origin,
        "path": model.path,
        "sha256": model.sha256,
        "bytes": facts.size,
        "parameters": facts.parameters,
        "licence": facts.card.licence,
        "metrics": facts.card.metrics,
    }
