"""Run a job to its end: report its events, stop it on Ctrl-C, exit with its exit code."""

import select
import signal
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

import click

from seqstudio.cli.base import INCOMPLETE, INTERRUPTED
from seqstudio.cli.output import echo
from seqstudio.cli.progress import BatchProgress
from seqstudio.cli.reporters import JsonReporter, Reporter, text_reporter
from seqstudio.errors import JobError
from seqstudio.host.jobs.events import ItemFailed, JobFinished
from seqstudio.host.studio import JobHandle
from seqstudio.host.text_format import one_line

POLL_S = 0.2  # longest delay of the response to Ctrl-C
CONTINUE_HINT = "nothing finished is lost: run the same command again to continue"
RERUN_HINT = "nothing is saved; run the same command again"


class InterruptCounter:
    """Counts interrupts: the first stops the job, the second ends this process."""

    def __init__(self) -> None:
        self.count = 0

    def on_signal(self, _number: int, _frame: FrameType | None) -> None:
        """Handle the signal."""
        self.count += 1
        if self.count > 1:
            raise KeyboardInterrupt


@contextmanager
def count_interrupts() -> Iterator[InterruptCounter]:
    """Count SIGINT (Ctrl-C) and SIGTERM while the block runs."""
    interrupts = InterruptCounter()
    signals = (signal.SIGINT, signal.SIGTERM)
    old = {number: signal.signal(number, interrupts.on_signal) for number in signals}
    try:
        yield interrupts
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """How a job ended, and the reasons of its failed items, in order of failure."""

    finished: JobFinished
    reasons: tuple[str, ...] = ()


def follow_job(
    handle: JobHandle,
    reporter: Reporter,
    *,
    resume_hint: str,
    progress: BatchProgress | None = None,
    stop: Callable[[], None] | None = None,
) -> JobOutcome:
    """Report the events of a job until it ends; on Ctrl-C, print `resume_hint` and stop the job.

    Parameters
    ----------
    handle : a submitted job
    reporter : receives every event; closed at the end
    resume_hint : how to resume the job after it was stopped, for people
    progress : counts every event before the reporter receives it
    stop : what Ctrl-C calls; None cancels the job
    """
    stopping = False
    reasons: list[str] = []
    try:
        with count_interrupts() as interrupts:
            while True:
                select.select([handle.fileno()], [], [], POLL_S)
                for event in handle.poll():
                    if progress:
                        progress.on_event(event)
                    reporter.on_event(event)
                    if isinstance(event, ItemFailed):
                        reasons.append(event.reason)
                    if isinstance(event, JobFinished):
                        return JobOutcome(event, tuple(reasons))
                if interrupts.count and not stopping:
                    stopping = True
                    echo(f"stopping; {resume_hint} (Ctrl-C again: stop now)", err=True)
                    (stop or handle.cancel)()
    finally:
        reporter.close()


def run_job(handle: JobHandle, *, as_json: bool, several: bool, resume_hint: str) -> None:
    """Follow a job, print how it ended, and exit unless every item is done."""
    outcome = show_job(handle, as_json=as_json, several=several, resume_hint=resume_hint)
    exit_unless_done(outcome, several=several)


def show_job(
    handle: JobHandle,
    *,
    as_json: bool,
    several: bool,
    resume_hint: str,
    seeded: bool = False,
    said: Collection[str] = (),
    stop: Callable[[], None] | None = None,
) -> JobOutcome:
    """Follow a job and print how it ended.

    Parameters
    ----------
    handle : a submitted job
    as_json : print one JSON object instead of lines
    several : it has several items
    resume_hint : how to resume the job after it was stopped, for people
    seeded : print the seed, by which the same command gives the same takes again
    said, stop : notes that are not said again; and as in `follow_job`
    """
    progress = BatchProgress(handle.item_sizes()) if several else None
    json_reporter = JsonReporter(several=several) if as_json else None
    reporter = json_reporter or text_reporter(several=several, progress=progress)
    for note in handle.notes:
        if note not in said:
            echo(one_line(note), err=True)
    outcome = follow_job(handle, reporter, resume_hint=resume_hint, progress=progress, stop=stop)
    finished = outcome.finished
    if json_reporter:
        fields = outcome_fields(finished)
        if progress:
            fields["audio_s"], fields["elapsed_s"] = progress.audio_s, progress.elapsed_s
        document = json_reporter.document(
            job=handle.id, seed=handle.seed, notes=handle.notes, **fields
        )
        echo(document)
    else:
        print_end(handle, finished, progress, seeded=seeded)
    return outcome


def print_end(
    handle: JobHandle, finished: JobFinished, progress: BatchProgress | None, *, seeded: bool
) -> None:
    """Print how many items are done, how fast that was, and the seed of takes."""
    if progress:
        job = f"job {handle.id}, seed {handle.seed}" if seeded else f"job {handle.id}"
        echo(f"{finished.done} done, {finished.failed} refused or failed ({job})")
        if total := progress.total():
            echo(total, err=True)
    elif seeded and finished.done:
        echo(f"seed {handle.seed}")


def outcome_fields(finished: JobFinished) -> dict[str, object]:
    """Return the fields of a job's end for JSON."""
    fields: dict[str, object] = {
        "state": finished.state,
        "done": finished.done,
        "failed": finished.failed,
    }
    if finished.reason:
        fields["reason"] = finished.reason
    return {**fields, "value": finished.value} if finished.value else fields


def exit_unless_done(outcome: JobOutcome, *, several: bool) -> None:
    """Exit with the code of a job that was stopped or failed; return if all items are done.

    Raises
    ------
    JobError
        If the job failed as a whole, or its only item failed, or its database cannot be written
        (exit code 1).
    """
    finished = outcome.finished
    if finished.state == "interrupted" and finished.reason:
        raise JobError(f"{finished.reason}; {finished.done} done, {CONTINUE_HINT}")
    if finished.state in ("cancelled", "interrupted"):
        click.get_current_context().exit(INTERRUPTED)
    if finished.failed and several:  # each failure is already reported
        if finished.reason:  # why the other items were not run
            echo(f"Error: {finished.reason}", err=True)
        click.get_current_context().exit(INCOMPLETE)
    if reason := finished.reason or "; ".join(outcome.reasons):
        raise JobError(reason)
