"""Work that would hold the window up runs on a thread; its result comes back to the window's."""

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from seqstudio.errors import SeqStudioError

T = TypeVar("T")
THREADS = 4
TURN_S = 0.008  # results are delivered for so long, then the window has its turn


@dataclass(frozen=True, slots=True)
class _Result:
    """What became of one piece of work, and who is told."""

    tell: Callable[[], object]
    fault: Exception | None = None  # one that is no SeqStudioError: a bug, which is not hidden


class Background(QObject):
    """Runs work on a few threads, and hears of it on its own.

    Parameters
    ----------
    threads : 1 does one thing after the other
    """

    idle = Signal()  # nothing is under way any more
    _came = Signal()  # from a thread: a result is there

    def __init__(self, parent: QObject | None = None, *, threads: int = THREADS) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(threads, "background")
        self._results: deque[_Result] = deque()
        self._open = 0
        self.ending = False  # nobody waits for results any more: long work looks here, and stops
        self._turn = QTimer(self, interval=0)
        self._turn.timeout.connect(self._deliver)
        self._came.connect(self._turn.start, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        work: Callable[[], T],
        done: Callable[[T], object],
        failed: Callable[[str], object],
    ) -> None:
        """Call `work` on a thread, then `done` with its value, or `failed` with its error's text.

        Both are called on the thread of this object, by its event loop; neither once it ends.
        """
        if not self.ending:
            self._open += 1
            self._pool.submit(self._work, work, done, failed)

    @property
    def busy(self) -> bool:
        """Whether work is under way, or its result has yet to be delivered."""
        return self._open > 0

    def finish(self) -> None:
        """Wait until the threads are done; results that were not delivered are dropped."""
        self.ending = True
        self._pool.shutdown()
        self._turn.stop()
        self._results.clear()
        self._open = 0

    def _work(
        self,
        work: Callable[[], Any],
        done: Callable[[Any], object],
        failed: Callable[[str], object],
    ) -> None:
        """Do the work, on a thread of the pool."""
        try:
            result = _Result(partial(done, work()))
        except SeqStudioError as bad:
            result = _Result(partial(failed, str(bad)))
        except Exception as bad:
            result = _Result(partial(failed, f"{type(bad).__name__}: {bad}"), bad)
        self._results.append(result)
        self._came.emit()

    def _deliver(self) -> None:
        """Tell what came, for a moment: many results must not hold the window up."""
        until_s = time.monotonic() + TURN_S
        while self._results and time.monotonic() < until_s:
            result = self._results.popleft()
            try:
                result.tell()
            finally:
                self._open -= 1
            if result.fault:
                raise result.fault
        if not self._results:
            self._turn.stop()
        if not self._open:
            self.idle.emit()
