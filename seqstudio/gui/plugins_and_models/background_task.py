"""Runs one task at a time in the background and reports its progress as text."""

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from seqstudio.gui.workspace.background import Background

T = TypeVar("T")


class BackgroundTask(QObject):
    """The title of the running task, and the message of the last one."""

    changed = Signal()
    failed = Signal(str)  # one sentence; "" clears the previous error

    _progressed = Signal(str)  # emitted on the worker thread

    def __init__(self, background: Background, parent: QObject) -> None:
        super().__init__(parent)
        self._background = background
        self.title = ""  # of the running task, with its progress; "" while none runs
        self.message = ""  # what the last task did
        self._progressed.connect(self._show_progress)

    @property
    def busy(self) -> bool:
        """Whether a task is running."""
        return bool(self.title)

    def run(self, title: str, work: Callable[[], T], done: Callable[[T], None]) -> None:
        """Call `work` on a thread, then `done` with its value; refused while another task runs.

        Parameters
        ----------
        title : what the task does, as shown to the user: "Installing Parrot"
        """
        if self.begin(title):
            self._background.run(work, lambda value: self._finish(value, done), self.fail)

    def begin(self, title: str) -> bool:
        """Mark a task as running until `end` or `fail`; return False while another task runs."""
        if self.busy:
            self.failed.emit(f"{self.title}: wait until this has finished.")
            return False
        self.title, self.message = title, ""
        self.failed.emit("")
        self.changed.emit()
        return True

    def report_progress(self, text: str) -> None:
        """Show how far the task is; may be called on any thread."""
        self._progressed.emit(text)

    def end(self, message: str) -> None:
        """Mark the task as done and show what it did."""
        self.title, self.message = "", message
        self.changed.emit()

    def fail(self, reason: str) -> None:
        """Mark the task as failed."""
        self.end("")
        self.failed.emit(reason)

    def _finish(self, value: T, done: Callable[[T], None]) -> None:
        self.title = ""
        done(value)
        self.changed.emit()

    def _show_progress(self, text: str) -> None:
        if self.busy:
            self.title = f"{self.title.partition(': ')[0]}: {text}"
            self.changed.emit()
