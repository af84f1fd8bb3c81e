"""What `models verify` does: hashes here, golden outputs and figures in a worker."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from seqstudio.cli.output import to_json
from seqstudio.cli.reporting import Quiet
from seqstudio.cli.run_job import RUN_AGAIN, follow, leave
from seqstudio.errors import ModelError
from seqstudio.host.assets import assets_folder
from seqstudio.host.catalogue.models import FoundModel
from seqstudio.host.studio import JobSpec, Studio
from seqstudio.services.bundle_files import verify_files

SPREAD = 1e-3  # relative: other machines round sums in another order


def verify_model(
    studio: Studio, text: str, *, data: Path | None, device: str, as_json: bool
) -> None:
    """Verify a model and say what was compared.

    Raises
    ------
    ModelError
        If a file does not match its hash, or the model is not what its card and golden say.
    """
    model = studio.models.find(text)
    verify_files(model.path)
    demo = {"demo": str(assets_folder())}
    golden = ask(studio, model, "verify", device, demo).get("golden", [])
    figures = []
    if data is not None:
        where = {"data": str(data.absolute()), "split": card_split(model)}
        figures = compared(model, ask(studio, model, "evaluate", device, where))
    if as_json:
        facts = {"name": model.name, "sha256": model.sha256, "golden": golden, "figures": figures}
        click.echo(to_json(facts))
    else:
        click.echo(f"{model.name}: every file matches its hash ({model.sha256[:12]})")
        click.echo(
            f"{model.name}: {len(golden)} golden outputs and {len(figures)} figures compared"
        )
    differing = [one for one in [*golden, *figures] if not one["same"]]
    if differing:
        raise ModelError("; ".join(f"{model.name}: {said(one)}" for one in differing))


def ask(
    studio: Studio, model: FoundModel, verb: Any, device: str, arguments: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Run one question to a model in a worker; give what it found."""
    spec = JobSpec(
        plugin=model.facts.plugin,
        verb=verb,
        name=model.facts.task,
        model=str(model.path),
        device=device,
        arguments=arguments,
    )
    ending = follow(studio.submit(spec), Quiet(several=False), go_on=RUN_AGAIN)
    leave(ending, several=False)
    return ending.finished.value


def card_split(model: FoundModel) -> str:
    """Give the split that the card's figures were measured on."""
    figures = model.facts.card.figures
    return figures[0].split if figures else "test"


def compared(model: FoundModel, report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Set each figure of the card beside the one just measured."""
    found = []
    for figure in model.facts.card.figures:
        if (value := report.get(figure.name)) is not None:
            same = abs(value - figure.value) <= SPREAD * max(abs(figure.value), SPREAD)
            row = {"output": figure.name, "expected": figure.value, "found": value, "same": same}
            found.append(row)
    return found


def said(one: Mapping[str, Any]) -> str:
    """Say what differs."""
    return f"{one['output']} is {one['found']!r}, expected {one['expected']!r}"
