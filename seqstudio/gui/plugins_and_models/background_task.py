"""One piece of work at a time, off the window's thread, told in words."""

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from seqstudio.gui.workspace.background import Background

T = TypeVar("T")


class Errand(QObject):
    """What is under way, and what was done last."""

    changed = Signal()
    failed = Signal(str)  # one sentence; "" takes the last one away

    _told = Signal(str)  # from the thread that works

    def __init__(self, background: Background, parent: QObject) -> None:
        super().__init__(parent)
        self._background = background
        self.busy = ""  # what is under way
        self.said = ""  # what was done last
        self._told.connect(self._note)

    def run(self, words: str, work: Callable[[], T], done: Callable[[T], None]) -> None:
        """Do `work` on a thread, then `done` with its value; refused while there is another.

        Parameters
        ----------
        words : what is being done, as a person reads it: "Installing Parrot"
        """
        if self.begin(words):
            self._background.run(work, lambda value: self._finish(value, done), self.fail)

    def begin(self, words: str) -> bool:
        """Be busy with something that ends by `end` or `fail`; False while there is another."""
        if self.busy:
            self.failed.emit(f"{self.busy}: this has to end before the next change.")
            return False
        self.busy, self.said = words, ""
        self.failed.emit("")
        self.changed.emit()
        return True

    def tell(self, words: str) -> None:
        """Say how far it is; from any thread."""
        self._told.emit(words)

    def end(self, said: str) -> None:
        """Be done, with what there is to say of it."""
        self.busy, self.said = "", said
        self.changed.emit()

    def fail(self, reason: str) -> None:
        """Be done, in vain."""
        self.end("")
        self.failed.emit(reason)

    def _finish(self, value: T, done: Callable[[T], None]) -> None:
        self.busy = ""
        done(value)
        self.changed.emit()

    def _note(self, words: str) -> None:
        if self.busy:
            self.busy = f"{self.busy.partition(': ')[0]}: {words}"
            self.changed.emit()
