"""A front end's hold on a running job: events out, orders in, one descriptor to wait on."""

import collections
import contextlib
import select
import socket
from collections.abc import Iterator
from typing import Generic, Literal, TypeVar

from seqstudio.host.events import JobEvent, JobFinished

T = TypeVar("T")

Order = Literal["pause", "resume", "cancel"]


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


class JobHandle:
    """One running job. Any loop can watch it: `for event in job.events()`, select, or Qt."""

    def __init__(
        self, number: int, seed: int, happened: Mailbox[JobEvent], orders: Mailbox[Order]
    ) -> None:
        self.id = number  # as `jobs list` shows it
        self.seed = seed  # the base seed: the one that was given, or the one that was drawn
        self._happened = happened
        self._orders = orders
        self._over = False

    def fileno(self) -> int:
        """Give a descriptor that is readable while events wait."""
        return self._happened.fileno()

    def poll(self) -> list[JobEvent]:
        """Give the events since the last call, without waiting."""
        found = self._happened.take()
        self._over = self._over or any(isinstance(event, JobFinished) for event in found)
        return found

    def events(self) -> Iterator[JobEvent]:
        """Give events as they come; `JobFinished` is the last."""
        while not self._over:
            select.select([self], [], [])
            yield from self.poll()

    def wait(self) -> JobFinished:
        """Wait for the end, and give it."""
        for event in self.events():
            if isinstance(event, JobFinished):
                return event
        raise RuntimeError("the events of this job were taken already")

    def pause(self) -> None:
        """Stop at the next check, and take up no further item."""
        self._orders.put("pause")

    def resume(self) -> None:
        """Go on after a pause."""
        self._orders.put("resume")

    def cancel(self) -> None:
        """Stop soon; what does not obey is killed. The same command takes the job up again."""
        self._orders.put("cancel")
