"""Run a job to its end: events to a reporter, Ctrl-C to a clean stop, its end to an exit code."""

import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

import click

from seqstudio.cli.group import INTERRUPTED
from seqstudio.cli.reporting import Collected, Reporter, reporter_for_people
from seqstudio.errors import JobError
from seqstudio.host.jobs.events import ItemFailed, JobFinished
from seqstudio.host.studio import JobHandle

POLL_S = 0.2  # how long a Ctrl-C may wait until it is seen
INCOMPLETE = 3
RUN_AGAIN = "nothing is kept; run the same command again"  # how a question is asked once more


class Stops:
    """Counts Ctrl-C: the first asks the job to stop, the second ends this process."""

    def __init__(self) -> None:
        self.count = 0

    def count_one(self, _number: int, _frame: FrameType | None) -> None:
        """Handle the signal."""
        self.count += 1
        if self.count > 1:
            raise KeyboardInterrupt


@contextmanager
def counted_stops() -> Iterator[Stops]:
    """Count Ctrl-C, and a polite kill, while the block runs."""
    stops = Stops()
    signals = (signal.SIGINT, signal.SIGTERM)
    old = {number: signal.signal(number, stops.count_one) for number in signals}
    try:
        yield stops
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job ended, and why its items failed, in the order in which they did."""

    finished: JobFinished
    reasons: tuple[str, ...] = ()


def follow(handle: JobHandle, reporter: Reporter, *, go_on: str) -> Ending:
    """Hear a job's events until it ends; after a Ctrl-C, say how to go on and stop it.

    Parameters
    ----------
    handle : a job that was submitted
    reporter : hears every event, and is closed
    go_on : how a stopped job is carried on, in words
    """
    told = False
    reasons: list[str] = []
    try:
        with counted_stops() as stops:
            while True:
                select.select([handle.fileno()], [], [], POLL_S)
                for event in handle.poll():
                    reporter.hear(event)
                    if isinstance(event, ItemFailed):
                        reasons.append(event.reason)
                    if isinstance(event, JobFinished):
                        return Ending(event, tuple(reasons))
                if stops.count and not told:
                    told = True
                    click.echo(f"stopping; {go_on} (Ctrl-C again to end it at once)", err=True)
                    handle.cancel()
    finally:
        reporter.close()


def run_job(handle: JobHandle, *, as_json: bool, several: bool, go_on: str) -> None:
    """Follow a job, say how it ended, and leave with its exit code unless all is done."""
    collected = Collected(several=several) if as_json else None
    reporter = collected or reporter_for_people(several=several)
    ending = follow(handle, reporter, go_on=go_on)
    finished = ending.finished
    if collected:
        click.echo(collected.document(job=handle.id, seed=handle.seed, **facts_of(finished)))
    elif several:
        click.echo(f"{finished.done} done, {finished.failed} refused or failed (job {handle.id})")
    leave(ending, several=several)


def facts_of(finished: JobFinished) -> dict[str, object]:
    """Give what a program wants to know of how a job ended."""
    facts: dict[str, object] = {
        "state": finished.state,
        "done": finished.done,
        "failed": finished.failed,
    }
    if finished.reason:
        facts["reason"] = finished.reason
    return {**facts, "value": finished.value} if finished.value else facts


def leave(ending: Ending, *, several: bool) -> None:
    """Leave with the exit code of a job that did not end well; come back from one that did.

    Raises
    ------
    JobError
        If the job failed as a whole, or its only item did: the reason; exit code 1.
    """
    finished = ending.finished
    if finished.state in ("cancelled", "interrupted"):
        click.get_current_context().exit(INTERRUPTED)
    if finished.failed and several:  # each was named when it failed
        if finished.reason:  # why the others were not tried
            click.echo(f"Error: {finished.reason}", err=True)
        click.get_current_context().exit(INCOMPLETE)
    if reason := finished.reason or "; ".join(ending.reasons):
        raise JobError(reason)
