"""Faults that a plugin must survive, on purpose and for real: nothing is simulated."""

import os

from seqstudio.host.confinement.descendants import descendants, kill_all
from seqstudio.host.conformance.kill_checks import run_until_killed
from seqstudio.host.jobs.events import ItemProgress
from seqstudio.host.jobs.spec import JobSpec
from seqstudio.testing.headless import HeadlessStudio, Outcome


class Faults:
    """Faults in a studio of a test."""

    def __init__(self, studio: HeadlessStudio) -> None:
        self._studio = studio

    def kill_studio(self, spec: JobSpec) -> Outcome:
        """Kill the studio when the first item of a job is done, then resume the job.

        Raises
        ------
        AssertionError
            If the job ended before it could be killed.
        """
        host = self._studio.host
        assert run_until_killed(host, spec), "no item was done, so nothing was killed"
        return Outcome(list(host.resume(host.jobs.list()[0].id).events()))

    def kill_worker(self, spec: JobSpec) -> Outcome:
        """Kill the worker of a job at the first progress that it reports."""
        others = set(descendants(os.getpid()))
        handle = self._studio.host.submit(spec)
        events, killed = [], False
        for event in handle.events():
            events.append(event)
            if isinstance(event, ItemProgress) and not killed:
                kill_all(set(descendants(os.getpid())) - others)
                killed = True
        return Outcome(events)

    def cancel(self, spec: JobSpec) -> Outcome:
        """Cancel a job at the first progress that it reports."""
        handle = self._studio.host.submit(spec)
        events = []
        for event in handle.events():
            events.append(event)
            if isinstance(event, ItemProgress):
                handle.cancel()
        return Outcome(events)

    def small_disk(self, file_bytes: int) -> None:
        """Let no file of a worker grow beyond so many bytes, as on a disk that is full."""
        self._studio.limit(file_bytes=file_bytes)
