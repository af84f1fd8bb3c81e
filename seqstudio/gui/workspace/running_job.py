"""One job that this process runs: heard, and steered."""

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QSocketNotifier

from seqstudio.gui.workspace.job_progress import Progress
from seqstudio.host.jobs.database import JobRow
from seqstudio.host.jobs.events import JobEvent, JobFinished
from seqstudio.host.jobs.queue import Wish
from seqstudio.host.runner.handle import JobHandle


class Watch(QObject):
    """Hears a running job, and passes on what is asked of it."""

    def __init__(
        self,
        handle: JobHandle,
        lane: str,
        progress: Progress,
        hear: Callable[[JobEvent], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.lane, self.progress = lane, progress
        self.paused = False  # its lane is free for another
        self.returns = False  # it is to go on when its lane is free again
        self._handle, self._hear = handle, hear
        self._goes_on = False  # it was asked to, and the books do not say so yet
        self._notifier = QSocketNotifier(handle.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._poll)

    def ask(self, wish: Wish) -> None:
        """Pause, resume or cancel it; it follows soon."""
        now_s, self.returns = time.monotonic(), False
        if wish == "pause":
            self._handle.pause()
            self._goes_on = False
            self.progress.pause(now_s)
        elif wish == "resume":
            self._handle.resume()
            self.progress.go_on(now_s)
            self.paused, self._goes_on = False, True
        else:
            self._handle.cancel()

    def see(self, row: JobRow) -> None:
        """Take in what the books say of it: a terminal may have paused or resumed it."""
        if row.state == "paused":
            self.paused = not self._goes_on
        else:
            self.paused = self.returns = self._goes_on = False

    def leave(self) -> None:
        """Hear no more, and leave it interrupted."""
        self._notifier.setEnabled(False)
        self._handle.leave()

    def ends_within(self, seconds: float) -> None:
        """Wait for its end, at most so long."""
        self._handle.ends_within(seconds)

    def _poll(self) -> None:
        for event in self._handle.poll():
            if isinstance(event, JobFinished):
                self._notifier.setEnabled(False)
            self.progress.hear(event, time.monotonic())
            self._hear(event)
