"""`seqstudio evaluate`: figures of any model on data that it has not seen."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from seqstudio.cli.options import device_option, pass_studio
from seqstudio.cli.output import to_json
from seqstudio.cli.reporting import Quiet, reporter_for_people
from seqstudio.cli.run_job import INCOMPLETE, RUN_AGAIN, follow, leave
from seqstudio.host.studio import JobSpec, Studio

EPILOG = """\b
Examples:
  seqstudio evaluate speech-en-small my-recordings
  seqstudio evaluate runs/mine my-recordings --split valid --json figures.json
  seqstudio evaluate rolls-jsb JSB_Chorales.valid.npz --json -"""


@click.command(epilog=EPILOG)
@click.argument("model")
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--split", default="test", show_default=True, help="Unsplit data answer to any.")
@click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Write all figures and refused items to this file; - for stdout.",
)
@device_option
@pass_studio
def evaluate(
    studio: Studio, *, model: str, data: Path, split: str, json_file: Path | None, device: str
) -> None:
    """Measure MODEL (an installed name, a bundle or a run folder) on DATA."""
    found = studio.models.find(model)
    spec = JobSpec(
        plugin=found.facts.plugin,
        verb="evaluate",
        name=found.facts.task,
        model=model,
        device=device,
        arguments={"data": str(data.absolute()), "split": split},
    )
    to_stdout = str(json_file) == "-"
    handle = studio.submit(spec)
    ending = follow(
        handle,
        Quiet(several=False) if to_stdout else reporter_for_people(several=False),
        go_on=RUN_AGAIN,
    )
    leave(ending, several=False)
    report = ending.finished.value
    if to_stdout:
        click.echo(to_json(report))
    else:
        if json_file is not None:
            json_file.write_text(to_json(report) + "\n", encoding="utf-8")
        click.echo("\n".join(figure_lines(report)))
    if report.get("refused"):
        raise click.exceptions.Exit(INCOMPLETE)


def figure_lines(report: Mapping[str, Any]) -> list[str]:
    """Say a report as people read it: a figure a line, then what was refused, by name.

    >>> figure_lines({"wer": 0.25, "items": 2, "refused": [{"id": "a.wav", "reason": "empty"}]})
    ['wer  0.25', 'items  2', 'refused  1', '  a.wav: empty']
    """
    refused = report.get("refused", [])
    shown = {k: v for k, v in report.items() if isinstance(v, int | float | str)}
    lines = [f"{name}  {round_figure(value)}" for name, value in shown.items()]
    if refused:
        lines.append(f"refused  {len(refused)}")
    return lines + [f"  {one['id']}: {one['reason']}" for one in refused]


def round_figure(value: float | str) -> str:
    """Say a figure to four digits; whole numbers and names as they are."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
