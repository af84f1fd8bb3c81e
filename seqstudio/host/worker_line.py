"""The worker's end of the line: a thread that reads what the host says, and the three flags."""

import queue
import socket
import threading
from collections.abc import Callable, Iterator

from seqstudio.contracts.job import Cancelled
from seqstudio.contracts.messages import (
    FROM_HOST,
    Cancel,
    CloseInput,
    Feed,
    Pause,
    Resume,
    Start,
    Unframer,
    decode,
    encode,
)
from seqstudio.errors import JobError


class Line:
    """Talks to the host. Cancel, pause and resume act at once; starts and feeds wait their turn.

    Parameters
    ----------
    line : the worker's end of the socketpair
    on_close : called by the reading thread when the host is gone
    """

    def __init__(self, line: socket.socket, on_close: Callable[[], None]) -> None:
        self._socket = line
        self._on_close = on_close
        self._sending = threading.Lock()
        self._inbox: queue.SimpleQueue[Start | Feed | CloseInput | None] = queue.SimpleQueue()
        self._cancelled = threading.Event()
        self._running = threading.Event()
        self._running.set()
        threading.Thread(target=self._read, name="host", daemon=True).start()

    def send(self, message: object) -> None:
        """Send one message, whole, whichever thread calls."""
        frame = encode(message)
        try:
            with self._sending:
                self._socket.sendall(frame)
        except OSError:  # the host is gone: nobody is left to work for
            raise Cancelled from None

    @property
    def cancelled(self) -> bool:
        """Whether the host asked to stop."""
        return self._cancelled.is_set()

    def check(self) -> None:
        """Raise `Cancelled` if the host asked to stop; wait while the job is paused."""
        if not self._cancelled.is_set():
            self._running.wait()
        if self._cancelled.is_set():
            raise Cancelled

    def starts(self) -> Iterator[Start]:
        """Give the jobs of this worker, one after another, until the host is gone."""
        while (message := self._inbox.get()) is not None:
            if isinstance(message, Start):
                yield message

    def feeds(self) -> Iterator[Feed]:
        """Give this job's feeds until its input is closed or the job is cancelled."""
        while isinstance(message := self._inbox.get(), Feed):
            self.check()
            yield message

    def _read(self) -> None:
        frames = Unframer()
        try:
            while data := self._socket.recv(2**16):
                for body in frames.feed(data):
                    self._take(decode(body, FROM_HOST))
        except (OSError, JobError):  # a host that cannot be understood is as good as gone
            pass
        self._cancelled.set()
        self._running.set()
        self._inbox.put(None)
        self._on_close()

    def _take(self, message: object) -> None:
        match message:
            case Cancel():
                self._cancelled.set()
                self._running.set()
                self._inbox.put(CloseInput())
            case Pause():
                self._running.clear()
            case Resume():
                self._running.set()
            case Start() | Feed() | CloseInput():
                if isinstance(message, Start):
                    self._cancelled.clear()
                    self._running.set()
                self._inbox.put(message)
