"""`seqstudio evaluate`: measure a model on a data set."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from seqstudio.cli.base import INCOMPLETE
from seqstudio.cli.options import device_option, importer_option, pass_studio
from seqstudio.cli.output import echo, to_json
from seqstudio.cli.reporters import QuietReporter, text_reporter
from seqstudio.cli.run_job import RERUN_HINT, exit_unless_done, follow_job
from seqstudio.host.catalogue.recognisers import find_recogniser
from seqstudio.host.studio import JobSpec, Studio
from seqstudio.host.text_format import one_line

EPILOG = """\b
Examples:
  seqstudio evaluate speech-en-small my-recordings
  seqstudio evaluate runs/mine my-recordings --split valid --json metrics.json
  seqstudio evaluate rolls-jsb JSB_Chorales.valid.npz --json -"""


@click.command(epilog=EPILOG)
@click.argument("model")
@click.argument("data", type=click.Path(path_type=Path))
@click.option(
    "--split",
    default="test",
    show_default=True,
    help="Split to measure on; data without splits accept any name.",
)
@click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Write all metrics and refused items to this file as JSON; - for stdout.",
)
@importer_option
@device_option
@pass_studio
def evaluate(
    studio: Studio,
    *,
    model: str,
    data: Path,
    split: str,
    json_file: Path | None,
    importer: str,
    device: str,
) -> None:
    """Measure MODEL (an installed name, a bundle, a run folder or a recogniser) on DATA."""
    recogniser = find_recogniser(studio.catalogue, model)
    task = recogniser.entry.task if recogniser else studio.models.find(model).facts.task
    spec = JobSpec(
        plugin=studio.catalogue.task(task)[0].id,
        verb="evaluate",
        name=task,
        model=model,
        device=device,
        arguments={"data": str(data.absolute()), "split": split, "importer": importer},
    )
    to_stdout = str(json_file) == "-"
    handle = studio.submit(spec)
    reporter = QuietReporter(several=False) if to_stdout else text_reporter(several=False)
    outcome = follow_job(handle, reporter, resume_hint=RERUN_HINT)
    exit_unless_done(outcome, several=False)
    report = outcome.finished.value
    if to_stdout:
        echo(to_json(report))
    else:
        if json_file is not None:
            json_file.write_text(to_json(report) + "\n", encoding="utf-8")
        echo("\n".join(metric_lines(report)))
    if report.get("refused"):
        raise click.exceptions.Exit(INCOMPLETE)


def metric_lines(report: Mapping[str, Any]) -> list[str]:
    """Return a report as text lines: one metric per line, then the refused items.

    >>> metric_lines({"wer": 0.25, "items": 2, "refused": [{"id": "a.wav", "reason": "empty"}]})
    ['wer  0.25', 'items  2', 'refused  1', '  a.wav: empty']
    """
    refused = report.get("refused", [])
    shown = {k: v for k, v in report.items() if isinstance(v, int | float | str)}
    lines = [one_line(f"{name}  {format_metric(value)}") for name, value in shown.items()]
    normalisers = {one["normaliser"] for one in report.get("details", ()) if "normaliser" in one}
    lines += [one_line(f"texts compared in  {name}") for name in sorted(normalisers)]
    if refused:
        lines.append(f"refused  {len(refused)}")
    return lines + [one_line(f"  {one['id']}: {one['reason']}") for one in refused]


def format_metric(value: float | str) -> str:
    """Return a float with four significant digits; other values unchanged."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
