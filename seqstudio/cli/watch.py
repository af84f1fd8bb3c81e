"""`--watch`: run a batch on each file that comes to its folders, until Ctrl-C."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from seqstudio.cli.base import INCOMPLETE
from seqstudio.cli.output import echo
from seqstudio.cli.run_job import count_interrupts, exit_unless_done, show_job
from seqstudio.host.jobs.report import BatchReport
from seqstudio.host.jobs.report_page import write_report
from seqstudio.host.jobs.watch import FolderWatch
from seqstudio.host.studio import JobSpec, Studio
from seqstudio.host.text_format import one_line

LOOK_S = 1.0  # between two looks into the folders
POLL_S = 0.1  # longest delay of the response to Ctrl-C
HINT = "run the same command again to go on watching"


def watch_folders(studio: Studio, spec: JobSpec, *, as_json: bool, report: Path | None) -> None:
    """Run a job for the files that are there, and one whenever others have come; end at Ctrl-C.

    Parameters
    ----------
    studio, spec : the batch, whose inputs are folders
    as_json : print one JSON object for each job
    report : a folder for the report of all these jobs, rewritten after each

    Raises
    ------
    SeqStudioError
        If an input is no folder, a job cannot be started, or one fails as a whole.
    """
    entry = studio.catalogue.plugin(spec.plugin).operation(spec.name)
    watch = FolderWatch(entry, spec.inputs, spec.recursive, studio.jobs.wrote)
    reports: list[BatchReport] = []
    said: set[str] = set()
    failed = 0
    folders = ", ".join(str(path) for paths in spec.inputs.values() for path in paths)
    echo(one_line(f"watching {folders}; Ctrl-C ends"), err=True)
    while files := wait_for_files(watch):
        handle = studio.submit(replace(spec, only=files))
        outcome = show_job(handle, as_json=as_json, several=True, resume_hint=HINT, said=said)
        said.update(handle.notes)
        if report:
            reports.append(studio.report(handle.id, handle.notes))
            write_report(together(reports), report)
        if outcome.finished.state in ("cancelled", "interrupted") or outcome.finished.reason:
            exit_unless_done(outcome, several=True)
        failed += outcome.finished.failed
    echo("no longer watching", err=True)
    if failed:
        click.get_current_context().exit(INCOMPLETE)


def wait_for_files(watch: FolderWatch) -> tuple[Path, ...]:
    """Return the files that are ready, as soon as there are some; () after Ctrl-C."""
    next_look_s = time.monotonic()
    with count_interrupts() as interrupts:
        while not interrupts.count:
            if time.monotonic() >= next_look_s:
                if files := watch.ready(time.monotonic()):
                    return files
                next_look_s = time.monotonic() + LOOK_S
            time.sleep(POLL_S)
    return ()


def together(reports: Sequence[BatchReport]) -> BatchReport:
    """Return one report of several jobs, at least one; of an input its latest state counts."""
    latest = {one.name: one for report in reports for one in report.inputs}
    return replace(reports[-1], inputs=tuple(latest.values()))
