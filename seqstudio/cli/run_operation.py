"""Run an operation as the options of its command say."""

from dataclasses import dataclass
from pathlib import Path

from seqstudio.cli.dry_run import dry_run
from seqstudio.cli.options import open_studio
from seqstudio.cli.run_job import exit_unless_done, show_job
from seqstudio.cli.watch import watch_folders
from seqstudio.host.jobs.report_page import check_report_folder, write_report
from seqstudio.host.studio import JobSpec

RESUME_HINT = "run the same command again to continue where it stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What a command says about the run, and not about the results."""

    as_json: bool
    several: bool  # items, of which each is reported
    seeded: bool  # its takes have a seed
    dry_run: bool = False
    report: Path | None = None
    watch: bool = False


def run_operation(spec: JobSpec, options: RunOptions) -> None:
    """Run an operation, or estimate what it would take; exit unless every item is done.

    Raises
    ------
    SeqStudioError
        If the job cannot be started, or failed as a whole.
    """
    studio = open_studio()
    if options.dry_run:
        dry_run(studio, spec, as_json=options.as_json)
        return
    if options.report:
        check_report_folder(options.report)
    if options.watch:
        watch_folders(studio, spec, as_json=options.as_json, report=options.report)
        return
    handle = studio.submit(spec)
    outcome = show_job(
        handle,
        as_json=options.as_json,
        several=options.several,
        resume_hint=RESUME_HINT,
        seeded=options.seeded,
    )
    if options.report:
        write_report(studio.report(handle.id, handle.notes), options.report)
    exit_unless_done(outcome, several=options.several)
