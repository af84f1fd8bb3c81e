"""Run a job to its end: events to a reporter, Ctrl-C to a clean stop, its end to an exit code."""

import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click

from seqstudio.cli.group import INTERRUPTED
from seqstudio.cli.reporting import Collected, Reporter, reporter_for_people
from seqstudio.errors import JobError
from seqstudio.host.events import JobFinished
from seqstudio.host.studio import JobHandle

POLL_S = 0.2  # how long a Ctrl-C may wait until it is seen
INCOMPLETE = 3


class Stops:
    """Counts Ctrl-C: the first asks the job to stop, the second ends this process."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        self.count += 1
        if self.count > 1:
            raise KeyboardInterrupt


@contextmanager
def counted_stops() -> Iterator[Stops]:
    """Count Ctrl-C, and a polite kill, while the block runs."""
    stops = Stops()
    signals = (signal.SIGINT, signal.SIGTERM)
    old = {number: signal.signal(number, stops) for number in signals}
    try:
        yield stops
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


def follow(handle: JobHandle, reporter: Reporter, *, go_on: str) -> JobFinished:
    """Hear a job's events until it ends; after a Ctrl-C, say how to go on and stop it.

    Parameters
    ----------
    handle : a job that was submitted
    reporter : hears every event, and is closed
    go_on : how a stopped job is carried on, in words
    """
    told = False
    try:
        with counted_stops() as stops:
            while True:
                select.select([handle.fileno()], [], [], POLL_S)
                for event in handle.poll():
                    reporter.hear(event)
                    if isinstance(event, JobFinished):
                        return event
                if stops.count and not told:
                    told = True
                    click.echo(f"stopping; {go_on} (Ctrl-C again to end it at once)", err=True)
                    handle.cancel()
    finally:
        reporter.close()


def run_job(handle: JobHandle, *, as_json: bool, batch: bool, go_on: str) -> JobFinished:
    """Follow a job, say how it ended, and leave with its exit code unless all is done."""
    collected = Collected() if as_json else None
    finished = follow(handle, collected or reporter_for_people(), go_on=go_on)
    if collected:
        facts = {"job": handle.id, "state": finished.state, "seed": handle.seed}
        click.echo(collected.document(**facts, done=finished.done, failed=finished.failed))
    elif batch:
        click.echo(f"{finished.done} done, {finished.failed} refused; job {handle.id}")
    leave(finished, batch=batch)
    return finished


def leave(finished: JobFinished, *, batch: bool) -> None:
    """Leave with the exit code of a job that did not end well; come back from one that did.

    Raises
    ------
    JobError
        If the job failed as a whole: its reason, which becomes exit code 1.
    """
    if finished.state in ("cancelled", "interrupted"):
        click.get_current_context().exit(INTERRUPTED)
    if finished.reason:
        raise JobError(finished.reason)
    if finished.failed:  # each was named when it failed
        click.get_current_context().exit(INCOMPLETE if batch or finished.done else 1)
