"""One job that this process runs: reads its events, and pauses, resumes or cancels it."""

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QSocketNotifier

from seqstudio.gui.workspace.job_progress import JobProgress
from seqstudio.host.jobs.database import JobRow
from seqstudio.host.jobs.events import JobEvent, JobFinished
from seqstudio.host.jobs.queue import JobAction
from seqstudio.host.runner.handle import JobHandle


class RunningJob(QObject):
    """Passes on a job's events, and requests to the job."""

    def __init__(
        self,
        handle: JobHandle,
        lane: str,
        progress: JobProgress,
        on_event: Callable[[JobEvent], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.lane, self.progress = lane, progress
        self.paused = False  # its lane is free for another job
        self.resume_when_free = False  # resume it as soon as its lane is free
        self._handle, self._on_event = handle, on_event
        self._resuming = False  # requested, but the database does not show it yet
        self._notifier = QSocketNotifier(handle.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._poll)

    def request(self, action: JobAction) -> None:
        """Ask the job to pause, resume or cancel; it does so soon."""
        now_s, self.resume_when_free = time.monotonic(), False
        if action == "pause":
            self._handle.pause()
            self._resuming = False
            self.progress.pause(now_s)
        elif action == "resume":
            self._handle.resume()
            self.progress.resume(now_s)
            self.paused, self._resuming = False, True
        else:
            self._handle.cancel()

    def update_state(self, row: JobRow) -> None:
        """Follow the state in the database: a terminal may have paused or resumed the job."""
        if row.state == "paused":
            self.paused = not self._resuming
        else:
            self.paused = self.resume_when_free = self._resuming = False

    def interrupt(self) -> None:
        """Read no more events, and leave the job interrupted."""
        self._notifier.setEnabled(False)
        self._handle.interrupt()

    def ends_within(self, seconds: float) -> None:
        """Wait for its end, at most this long."""
        self._handle.ends_within(seconds)

    def _poll(self) -> None:
        for event in self._handle.poll():
            if isinstance(event, JobFinished):
                self._notifier.setEnabled(False)
            self.progress.on_event(event, time.monotonic())
            self._on_event(event)
