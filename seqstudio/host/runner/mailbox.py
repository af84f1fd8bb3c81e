"""A queue between two threads, the reader of which waits on a file descriptor."""

import collections
import contextlib
import socket
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Passes values from one thread to another; its descriptor is readable while values wait."""

    def __init__(self) -> None:
        self._values: collections.deque[T] = collections.deque()
        self._reader, self._writer = socket.socketpair()
        for end in (self._reader, self._writer):
            end.settimeout(0)

    def __del__(self) -> None:
        self._reader.close()
        self._writer.close()

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._reader.fileno()

    def put(self, value: T) -> None:
        """Add a value."""
        self._values.append(value)
        with contextlib.suppress(BlockingIOError):  # full of wake-ups: one more adds nothing
            self._writer.send(b"\0")

    def take_all(self) -> list[T]:
        """Remove and return all values."""
        with contextlib.suppress(BlockingIOError):
            while self._reader.recv(2**16):
                pass
        values = []
        while self._values:
            values.append(self._values.popleft())
        return values
