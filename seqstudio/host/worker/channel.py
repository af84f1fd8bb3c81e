"""The worker's end of the line: a thread that reads what the host says, and the three flags."""

import base64
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
    Items,
    Pause,
    Resume,
    Start,
    Taken,
    Unframer,
    decode,
    encode,
)
from seqstudio.errors import JobError


class Line:
    """Talks to the host. Cancel, pause and resume act at once; the rest waits its turn.

    Parameters
    ----------
    line : the worker's end of the socketpair
    on_close : called by the reading thread when the host is gone
    """

    def __init__(self, line: socket.socket, on_close: Callable[[], None]) -> None:
        self._socket = line
        self._on_close = on_close
        self._sending = threading.Lock()
        self._inbox: queue.SimpleQueue[Start | Items | CloseInput | None] = queue.SimpleQueue()
        self._blocks: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()  # None: no more come
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

    def items(self) -> Iterator[Items]:
        """Give this job's items until its input is closed or the job is cancelled."""
        while isinstance(message := self._inbox.get(), Items):
            self.check()
            yield message

    def blocks(self) -> Iterator[bytes]:
        """Give what is fed to the item in hand until its input is closed; stops if cancelled."""
        while (block := self._blocks.get()) is not None:
            self.check()
            self.send(Taken())
            yield block
        self._blocks.put(None)  # whoever asks again
        self.check()

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
        self._blocks.put(None)
        self._inbox.put(None)
        self._on_close()

    def _take(self, message: object) -> None:
        match message:
            case Cancel():
                self._cancelled.set()
                self._running.set()
                self._close()
            case Pause():
                self._running.clear()
            case Resume():
                self._running.set()
            case Start():
                self._cancelled.clear()
                self._running.set()
                self._blocks = queue.SimpleQueue()
                self._inbox.put(message)
            case Items():
                self._inbox.put(message)
            case Feed(data=data):
                self._blocks.put(base64.b64decode(data))
            case CloseInput():
                self._close()

    def _close(self) -> None:
        self._blocks.put(None)
        self._inbox.put(CloseInput())
