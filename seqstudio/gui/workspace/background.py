"""Run slow work on threads and deliver the results on the window's thread."""

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
SLICE_S = 0.008  # results are delivered for this long, then the window handles its events


@dataclass(frozen=True, slots=True)
class _Result:
    """The outcome of one piece of work, and the callback for it."""

    deliver: Callable[[], object]
    bug: Exception | None = None  # any error but a SeqStudioError: raised again on delivery


class Background(QObject):
    """Runs work on a few threads and calls back on the thread of this object.

    Parameters
    ----------
    threads : 1 runs one piece of work after the other
    """

    idle = Signal()  # no work is left
    _arrived = Signal()  # from a thread: a result is ready

    def __init__(self, parent: QObject | None = None, *, threads: int = THREADS) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(threads, "background")
        self._results: deque[_Result] = deque()
        self._pending = 0
        self.stopping = False  # nobody waits for results: long work checks this and stops
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._deliver)
        self._arrived.connect(self._timer.start, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        work: Callable[[], T],
        done: Callable[[T], object],
        failed: Callable[[str], object],
    ) -> None:
        """Call `work` on a thread, then `done` with its value, or `failed` with its error's text.

        The event loop of this object's thread makes both calls; neither comes after `finish`.
        """
        if not self.stopping:
            self._pending += 1
            self._pool.submit(self._work, work, done, failed)

    @property
    def busy(self) -> bool:
        """Whether work is running, or its result has yet to be delivered."""
        return self._pending > 0

    def finish(self) -> None:
        """Wait for the threads; drop results that were not delivered."""
        self.stopping = True
        self._pool.shutdown()
        self._timer.stop()
        self._results.clear()
        self._pending = 0

    def _work(
        self,
        work: Callable[[], Any],
        done: Callable[[Any], object],
        failed: Callable[[str], object],
    ) -> None:
        """Do the work, on a thread of the pool."""
        try:
            result = _Result(partial(done, work()))
        except SeqStudioError as error:
            result = _Result(partial(failed, str(error)))
        except Exception as error:
            result = _Result(partial(failed, f"{type(error).__name__}: {error}"), error)
        self._results.append(result)
        self._arrived.emit()

    def _deliver(self) -> None:
        """Deliver results for one time slice, so that many of them do not block the window."""
        until_s = time.monotonic() + SLICE_S
        while self._results and time.monotonic() < until_s:
            result = self._results.popleft()
            try:
                result.deliver()
            finally:
                self._pending -= 1
            if result.bug:
                raise result.bug
        if not self._results:
            self._timer.stop()
        if not self._pending:
            self.idle.emit()
