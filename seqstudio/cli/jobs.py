"""`seqstudio jobs`: what ran, what is running, and how to go on."""

from datetime import datetime
from typing import Any

import click

from seqstudio.cli.options import json_flag, pass_studio
from seqstudio.cli.output import table, to_json
from seqstudio.cli.run_job import run_job
from seqstudio.errors import JobError
from seqstudio.host.jobs.database import ItemRow, JobRow
from seqstudio.host.studio import JobHandle, Studio
from seqstudio.host.text_format import readable

RUNS_SOMEWHERE = ("queued", "running", "paused")
OVER = ("done", "failed")
job_argument = click.argument("job", type=int, metavar="ID")


@click.group()
def jobs() -> None:
    """List jobs; pause, resume, cancel or retry one.

    Jobs are kept in the profile until you delete it. Any terminal may steer a job that runs in
    another one.
    """


@jobs.command("list")
@click.option("--all", "every", is_flag=True, help="All there are, not only the newest 20.")
@json_flag
@pass_studio
def list_jobs(studio: Studio, *, every: bool, as_json: bool) -> None:
    """Show jobs, the newest first."""
    found = studio.jobs.list()
    shown = found if every or as_json else found[:20]
    if as_json:
        click.echo(to_json([summary(row) for row in shown]))
    elif shown:
        head = ("id", "started", "state", "items", "what")
        click.echo(table(head, (line(row) for row in shown)))
    else:
        click.echo("No job yet: run any operation, and it is listed here.")


@jobs.command("show")
@job_argument
@json_flag
@pass_studio
def show_job(studio: Studio, *, job: int, as_json: bool) -> None:
    """Show one job and every item of it."""
    row, items = studio.jobs.get(job), studio.jobs.items(job)
    if as_json:
        click.echo(to_json({**summary(row), "items": [item_summary(item) for item in items]}))
        return
    click.echo(table(("id", "started", "state", "items", "what"), [line(row)]))
    for item in items:
        made = readable(", ".join(str(placed.path) for placed in item.outputs))
        click.echo(f"  {item.state}: {item.name}" + said(item.reason or made or item.summary))


@jobs.command("pause")
@job_argument
@pass_studio
def pause_job(studio: Studio, *, job: int) -> None:
    """Let a running job wait."""
    studio.jobs.ask(job, "pause")
    click.echo(f"job {job} will pause; `seqstudio jobs resume {job}` lets it go on")


@jobs.command("cancel")
@job_argument
@pass_studio
def cancel_job(studio: Studio, *, job: int) -> None:
    """Stop a job; what it has finished stays."""
    studio.jobs.ask(job, "cancel")
    click.echo(f"job {job} will stop")


@jobs.command("resume")
@job_argument
@json_flag
@pass_studio
def resume_job(studio: Studio, *, job: int, as_json: bool) -> None:
    """Let a paused job go on, or take up here one that was interrupted or waits."""
    row = studio.jobs.get(job)
    if row.waits:
        carry_on(studio.start(job), row, as_json=as_json)
        return
    if row.state in RUNS_SOMEWHERE:
        studio.jobs.ask(job, "resume")
        click.echo(f"job {job} goes on where it runs")
        return
    if row.state in OVER:
        failed = row.counts.get("failed", 0)
        again = f"{failed} of its items failed; `seqstudio jobs retry {job}` runs them again"
        raise JobError(f"job {job} is over, {again if failed else 'expected one that was stopped'}")
    carry_on(studio.resume(job), row, as_json=as_json)


@jobs.command("retry")
@job_argument
@json_flag
@pass_studio
def retry_job(studio: Studio, *, job: int, as_json: bool) -> None:
    """Try the refused and failed items of a job again."""
    row = studio.jobs.get(job)
    carry_on(studio.retry(job), row, as_json=as_json)


def carry_on(handle: JobHandle, row: JobRow, *, as_json: bool) -> None:
    """Follow a job that was taken up again."""
    several = sum(row.counts.values()) > 1
    go_on = f"to go on: seqstudio jobs resume {row.id}"
    run_job(handle, as_json=as_json, several=several, go_on=go_on)


def summary(row: JobRow) -> dict[str, Any]:
    """Give what a program wants to know of a job."""
    return {
        "id": row.id,
        "started": datetime.fromtimestamp(row.created).astimezone().isoformat(timespec="seconds"),
        "state": row.state,
        "waits": row.waits,
        "plugin": row.plugin,
        "verb": row.verb,
        "name": row.name,
        "seed": row.seed,
        "items": dict(row.counts),
        "reason": row.reason,
        "value": row.value,
    }


def item_summary(item: ItemRow) -> dict[str, Any]:
    """Give what a program wants to know of an item; `record` is what replays it."""
    return {
        "name": item.name,
        "state": item.state,
        "take": item.take,
        "seed": item.seed,
        "outputs": [placed.path for placed in item.outputs],
        "summary": item.summary,
        "details": item.details,
        "reason": item.reason,
        "record": item.record,
    }


def line(row: JobRow) -> tuple[object, ...]:
    """Give a job's cells of the listing."""
    started = datetime.fromtimestamp(row.created).strftime("%Y-%m-%d %H:%M")
    counts = ", ".join(f"{count} {state}" for state, count in sorted(row.counts.items()))
    what = f"{row.plugin} {row.name}" if row.verb == "operation" else f"{row.verb} {row.name}"
    return row.id, started, "waiting" if row.waits else row.state, counts or "-", what


def said(text: str) -> str:
    """Put a reason or result behind an item's name, where there is one."""
    return f": {text}" if text else ""
