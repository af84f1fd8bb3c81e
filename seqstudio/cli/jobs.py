"""`seqstudio jobs`: list, show and report jobs; pause, resume, cancel and retry them."""

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from seqstudio.cli.options import json_flag, pass_studio
from seqstudio.cli.output import echo, table, to_json
from seqstudio.cli.run_job import run_job
from seqstudio.errors import JobError
from seqstudio.host.jobs.database import ItemRow, JobRow
from seqstudio.host.jobs.report_page import write_report
from seqstudio.host.studio import JobHandle, Studio
from seqstudio.host.text_format import one_line

ACTIVE_STATES = ("queued", "running", "paused")
ENDED_STATES = ("done", "failed")
HEAD = ("id", "started", "state", "items", "job")
job_argument = click.argument("job", type=int, metavar="ID")


@click.group()
def jobs() -> None:
    """List, pause, resume, cancel and retry jobs.

    Jobs are stored in the profile. You can control a job from any terminal, whichever one it runs
    in.
    """


@jobs.command("list")
@click.option("--all", "all_jobs", is_flag=True, help="List all jobs, not only the newest 20.")
@json_flag
@pass_studio
def list_jobs(studio: Studio, *, all_jobs: bool, as_json: bool) -> None:
    """List jobs, newest first."""
    found = studio.jobs.list()
    shown = found if all_jobs or as_json else found[:20]
    if as_json:
        echo(to_json([job_summary(row) for row in shown]))
    elif shown:
        echo(table(HEAD, (job_row(row) for row in shown)))
    else:
        echo("No jobs yet. Operations that you run are listed here.")


@jobs.command("show")
@job_argument
@json_flag
@pass_studio
def show_job(studio: Studio, *, job: int, as_json: bool) -> None:
    """Show a job and all of its items."""
    row, items = studio.jobs.get(job), studio.jobs.items(job)
    if as_json:
        echo(to_json({**job_summary(row), "items": [item_summary(item) for item in items]}))
        return
    echo(table(HEAD, [job_row(row)]))
    for item in items:
        outputs = ", ".join(str(placed.path) for placed in item.outputs)
        said = suffix(item.reason or outputs or item.summary)
        echo(one_line(f"  {item.state}: {item.name}{said}"))


@jobs.command("report")
@job_argument
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@pass_studio
def report_job(studio: Studio, *, job: int, folder: Path) -> None:
    """Write report.csv and report.html of a job to FOLDER.

    They hold the totals, what was refused, the slowest, the least confident, what is unlike the
    training data, and outputs under another name.
    """
    for path in write_report(studio.report(job), folder):
        echo(path)


@jobs.command("pause")
@job_argument
@pass_studio
def pause_job(studio: Studio, *, job: int) -> None:
    """Pause a running job."""
    studio.jobs.request(job, "pause")
    echo(f"job {job} will pause; `seqstudio jobs resume {job}` resumes it")


@jobs.command("cancel")
@job_argument
@pass_studio
def cancel_job(studio: Studio, *, job: int) -> None:
    """Stop a job; finished items are kept."""
    studio.jobs.request(job, "cancel")
    echo(f"job {job} will stop")


@jobs.command("resume")
@job_argument
@json_flag
@pass_studio
def resume_job(studio: Studio, *, job: int, as_json: bool) -> None:
    """Resume a paused job, or run an interrupted or waiting job here."""
    row = studio.jobs.get(job)
    if row.waiting:
        follow_restarted(studio.start(job), row, as_json=as_json)
        return
    if row.state in ACTIVE_STATES:
        studio.jobs.request(job, "resume")
        echo(f"job {job} will resume in the process that runs it")
        return
    if row.state in ENDED_STATES:
        failed = row.counts.get("failed", 0)
        retry = f"{failed} of its items failed; `seqstudio jobs retry {job}` runs them again"
        raise JobError(f"job {job} has ended, {retry if failed else 'expected a stopped job'}")
    follow_restarted(studio.resume(job), row, as_json=as_json)


@jobs.command("retry")
@job_argument
@json_flag
@pass_studio
def retry_job(studio: Studio, *, job: int, as_json: bool) -> None:
    """Run the refused and failed items of a job again."""
    row = studio.jobs.get(job)
    follow_restarted(studio.retry(job), row, as_json=as_json)


def follow_restarted(handle: JobHandle, row: JobRow, *, as_json: bool) -> None:
    """Follow a job that was resumed or retried."""
    several = sum(row.counts.values()) > 1
    hint = f"to resume: seqstudio jobs resume {row.id}"
    run_job(handle, as_json=as_json, several=several, resume_hint=hint)


def job_summary(row: JobRow) -> dict[str, Any]:
    """Return the fields of a job for JSON."""
    return {
        "id": row.id,
        "started": datetime.fromtimestamp(row.created).astimezone().isoformat(timespec="seconds"),
        "state": row.state,
        "waiting": row.waiting,
        "plugin": row.plugin,
        "verb": row.verb,
        "name": row.name,
        "seed": row.seed,
        "items": dict(row.counts),
        "reason": row.reason,
        "value": row.value,
    }


def item_summary(item: ItemRow) -> dict[str, Any]:
    """Return the fields of an item for JSON."""
    return {
        "name": item.name,
        "state": item.state,
        "take": item.take,
        "seed": item.seed,
        "outputs": [placed.path for placed in item.outputs],
        "summary": item.summary,
        "details": item.details,
        "reason": item.reason,
        "provenance": item.provenance,
    }


def job_row(row: JobRow) -> tuple[object, ...]:
    """Return the cells of a job in the listing."""
    started = datetime.fromtimestamp(row.created).strftime("%Y-%m-%d %H:%M")
    counts = ", ".join(f"{count} {state}" for state, count in sorted(row.counts.items()))
    name = f"{row.plugin} {row.name}" if row.verb == "operation" else f"{row.verb} {row.name}"
    return row.id, started, "waiting" if row.waiting else row.state, counts or "-", name


def suffix(text: str) -> str:
    """Return the reason or result after an item's name; "" for an empty text."""
    return f": {text}" if text else ""
