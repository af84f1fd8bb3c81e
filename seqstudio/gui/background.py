"""Work that would hold the window up runs on a thread; its result comes back to the window's."""

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal, Slot

from seqstudio.errors import SeqStudioError

T = TypeVar("T")


class _Task(QRunnable):
    """One piece of work; what it gives or raises is put into its letter."""

    def __init__(self, work: Callable[[], object], letter: "_Letter") -> None:
        super().__init__()
        self._work = work
        self._letter = letter

    def run(self) -> None:
        """Do the work, on a thread of the pool."""
        try:
            value = self._work()
        except SeqStudioError as bad:
            self._letter.failed.emit(str(bad))
        except Exception as bad:
            self._letter.failed.emit(f"{type(bad).__name__}: {bad}")
            raise
        else:
            self._letter.done.emit(value)


class _Letter(QObject):
    """Carries a result from a thread of the pool to the thread that it was made on."""

    done = Signal(object)
    failed = Signal(str)

    def __init__(
        self,
        parent: "Background",
        done: Callable[[object], None],
        failed: Callable[[str], None],
    ) -> None:
        super().__init__(parent)
        self._tell_done, self._tell_failed = done, failed
        self.done.connect(self._deliver)
        self.failed.connect(self._apologise)

    @Slot(object)
    def _deliver(self, value: object) -> None:
        self._close()
        self._tell_done(value)

    @Slot(str)
    def _apologise(self, reason: str) -> None:
        self._close()
        self._tell_failed(reason)

    def _close(self) -> None:
        parent = self.parent()
        assert isinstance(parent, Background)
        parent.close_letter(self)


class Background(QObject):
    """Runs work on a few threads, and hears of it on its own."""

    idle = Signal()  # nothing is under way any more

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._open: set[_Letter] = set()
        self.ending = False  # nobody waits for results any more: long work looks here, and stops

    def run(
        self,
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[str], None],
    ) -> None:
        """Call `work` on a thread, then `done` with its value, or `failed` with its error's text.

        Both are called on the thread of this object, by its event loop.
        """
        letter = _Letter(self, done, failed)  # type: ignore[arg-type]  # Qt's signals carry objects
        self._open.add(letter)
        self._pool.start(_Task(work, letter))

    @property
    def busy(self) -> bool:
        """Whether work is under way, or its result has yet to be delivered."""
        return bool(self._open)

    def finish(self) -> None:
        """Wait until the threads are done; results that were not delivered are dropped."""
        self.ending = True
        self._pool.waitForDone()

    def close_letter(self, letter: _Letter) -> None:
        """Let go of a letter that was delivered."""
        self._open.discard(letter)
        letter.deleteLater()
        if not self._open:
            self.idle.emit()
