"""`seqstudio models`: list, show, verify, export, import and remove models."""

from pathlib import Path
from typing import Any

import click

from seqstudio.cli.options import device_option, json_flag, pass_studio
from seqstudio.cli.output import echo, table, to_json
from seqstudio.cli.verify import verify_model
from seqstudio.host.catalogue.card_text import card_rows, format_metrics
from seqstudio.host.catalogue.models import FoundModel
from seqstudio.host.studio import Studio
from seqstudio.host.text_format import format_size, one_line

model_argument = click.argument("model")


@click.group()
def models() -> None:
    """List, show, verify, export, import and remove models.

    MODEL is an installed name, a bundle (a folder or a .seqmodel file) or a run folder.
    """


@models.command("list")
@json_flag
@pass_studio
def list_models(studio: Studio, *, as_json: bool) -> None:
    """List the installed models with their metrics."""
    cards, damaged = studio.models.cards(), studio.models.damaged()
    if as_json:
        found = [model_summary(model) for model in cards]
        echo(to_json({"models": found, "damaged": damaged}))
        return
    head = ("model", "task", "origin", "size", "metrics")
    rows = [
        (m.name, m.facts.task, m.origin, format_size(m.facts.size), format_metrics(m) or "-")
        for m in cards
    ]
    echo(table(head, rows) if rows else "No model is installed; `seqstudio train` trains one.")
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


@models.command("export")
@model_argument
@click.argument("target", type=click.Path(path_type=Path))
@pass_studio
def export_model(studio: Studio, *, model: str, target: Path) -> None:
    """Copy MODEL to TARGET: a new folder, or one file if its name ends in .seqmodel."""
    found = studio.models.export(model, target)
    echo(f"{found.path}: {format_size(found.facts.size)}, sha256 {found.sha256}")


@models.command("import")
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--name", default="", help="Installed name; the bundle's name if not given.")
@pass_studio
def import_model(studio: Studio, *, bundle: Path, name: str) -> None:
    """Install a BUNDLE, or the best model of a run folder, after checking every file."""
    found = studio.models.add(bundle, name)
    echo(f"{found.name}: {found.facts.task}, installed")


@models.command("remove")
@click.argument("name")
@pass_studio
def remove_model(studio: Studio, *, name: str) -> None:
    """Remove an imported model."""
    studio.models.remove(name)
    echo(f"{name}: removed")


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
