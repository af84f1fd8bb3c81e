"""A front end's hold on a running job: events out, orders in, one descriptor to wait on."""

import select
import time
from collections.abc import Iterator
from typing import Literal

from seqstudio.host.jobs.events import JobEvent, JobFinished
from seqstudio.host.runner.mailbox import Mailbox
from seqstudio.host.runner.stream import Stream

Order = Literal["pause", "resume", "cancel", "leave"]


class JobHandle:
    """One running job. Any loop can watch it: `for event in job.events()`, select, or Qt."""

    def __init__(
        self,
        number: int,
        seed: int,
        happened: Mailbox[JobEvent],
        orders: Mailbox[Order],
        stream: Stream,
    ) -> None:
        self.id = number  # as `jobs list` shows it
        self.seed = seed  # the base seed: the one that was given, or the one that was drawn
        self._happened = happened
        self._orders = orders
        self._stream = stream
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

    def feed(self, data: bytes) -> None:
        """Give an operation that runs on a stream its next bytes; never waits.

        Parameters
        ----------
        data : for `stream.audio` float32 samples, little-endian, one channel, at the `rate_hz` of
            the manifest's input; for `stream.midi` whole raw MIDI messages

        Raises
        ------
        JobError
            If the operation runs on files, the input was closed, the job is over, a sample is cut,
            or more than 8 MiB would wait unread. Then nothing of `data` was taken, and the job goes
            on: feed it again when `unread` is less. What was taken is never dropped.
        """
        self._stream.feed(data)

    @property
    def unread(self) -> int:
        """Bytes that were fed and that the operation has not taken yet."""
        return self._stream.unread

    def close_input(self) -> None:
        """Say that no more is fed: the operation hears the rest, and gives its result.

        Raises
        ------
        JobError
            If the operation runs on files.
        """
        self._stream.close()

    def pause(self) -> None:
        """Stop at the next check, and take up no further item."""
        self._orders.put("pause")

    def resume(self) -> None:
        """Go on after a pause."""
        self._orders.put("resume")

    def cancel(self) -> None:
        """Stop soon; what does not obey is killed. The same command takes the job up again."""
        self._orders.put("cancel")

    def leave(self) -> None:
        """Stop as `cancel` does, but leave the job interrupted: this process is about to end."""
        self._orders.put("leave")

    def ends_within(self, seconds: float) -> bool:
        """Wait for the end, at most so long, and say whether it came; its events are gone."""
        deadline = time.monotonic() + seconds
        while not self._over and (left := deadline - time.monotonic()) > 0:
            select.select([self], [], [], left)
            self.poll()
        return self._over
