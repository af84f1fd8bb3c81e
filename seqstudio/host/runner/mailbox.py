"""Passing values from one thread to another that waits on a descriptor."""

import collections
import contextlib
import socket
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Passes values between two threads; its descriptor is readable while some are waiting."""

    def __init__(self) -> None:
        self._values: collections.deque[T] = collections.deque()
        self._reading, self._writing = socket.socketpair()
        for end in (self._reading, self._writing):
            end.settimeout(0)

    def __del__(self) -> None:
        self._reading.close()
        self._writing.close()

    def fileno(self) -> int:
        """Give the descriptor."""
        return self._reading.fileno()

    def put(self, value: T) -> None:
        """Leave a value."""
        self._values.append(value)
        with contextlib.suppress(BlockingIOError):  # full of wake-ups: one more adds nothing
            self._writing.send(b"\0")

    def take(self) -> list[T]:
        """Take all values that wait."""
        with contextlib.suppress(BlockingIOError):
            while self._reading.recv(2**16):
                pass
        values = []
        while self._values:
            values.append(self._values.popleft())
        return values
