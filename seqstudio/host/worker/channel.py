"""The worker's end of the socket to the host: a reader thread, and queues for what it reads."""

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
    FeedAck,
    FrameDecoder,
    Items,
    Pause,
    Resume,
    Start,
    decode,
    encode,
)
from seqstudio.errors import JobError


class HostChannel:
    """Exchanges messages with the host. Cancel, pause and resume act at once, others are queued.

    Parameters
    ----------
    connection : the worker's end of the socketpair
    on_close : called by the reader thread when the host has closed the connection
    """

    def __init__(self, connection: socket.socket, on_close: Callable[[], None]) -> None:
        self._socket = connection
        self._on_close = on_close
        self._send_lock = threading.Lock()
        self._inbox: queue.SimpleQueue[Start | Items | CloseInput | None] = queue.SimpleQueue()
        self._blocks: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()  # None: the end
        self._cancelled = threading.Event()
        self._running = threading.Event()
        self._running.set()
        threading.Thread(target=self._read, name="host", daemon=True).start()

    def send(self, message: object) -> None:
        """Send one message; any thread may call this."""
        frame = encode(message)
        try:
            with self._send_lock:
                self._socket.sendall(frame)
        except OSError:  # the host is gone
            raise Cancelled from None

    def check(self) -> None:
        """Raise `Cancelled` if the host cancelled the job; wait while it is paused."""
        if not self._cancelled.is_set():
            self._running.wait()
        if self._cancelled.is_set():
            raise Cancelled

    @property
    def is_cancelled(self) -> bool:
        """Whether the host cancelled the job, or is gone."""
        return self._cancelled.is_set()

    @property
    def is_paused(self) -> bool:
        """Whether the host paused the job."""
        return not self._running.is_set()

    def starts(self) -> Iterator[Start]:
        """Yield the worker's jobs, one after another, until the host closes the connection."""
        while (message := self._inbox.get()) is not None:
            if isinstance(message, Start):
                yield message

    def items(self) -> Iterator[Items]:
        """Yield the job's items until its input is closed or the job is cancelled."""
        while isinstance(message := self._inbox.get(), Items):
            self.check()
            yield message

    def blocks(self) -> Iterator[bytes]:
        """Yield the current item's input blocks until its input is closed; raise if cancelled."""
        while (block := self._blocks.get()) is not None:
            self.check()
            self.send(FeedAck())
            yield block
        self._blocks.put(None)  # for further calls
        self.check()

    def _read(self) -> None:
        frames = FrameDecoder()
        try:
            while data := self._socket.recv(2**16):
                for body in frames.feed(data):
                    self._on_message(decode(body, FROM_HOST))
        except (OSError, JobError):  # the host is gone, or what it sends is invalid
            pass
        self._cancelled.set()
        self._running.set()
        self._blocks.put(None)
        self._inbox.put(None)
        self._on_close()

    def _on_message(self, message: object) -> None:
        match message:
            case Cancel():
                self._cancelled.set()
                self._running.set()
                self._close_input()
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
                self._close_input()

    def _close_input(self) -> None:
        self._blocks.put(None)
        self._inbox.put(CloseInput())
