"""A front end's handle on a running job: events out, actions in, one descriptor to wait on."""

import select
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Literal

from seqstudio.host.jobs.events import JobEvent, JobFinished
from seqstudio.host.runner.mailbox import Mailbox
from seqstudio.host.runner.stream import InputStream

Action = Literal["pause", "resume", "cancel", "interrupt"]


class JobHandle:
    """One running job, for any event loop: `for event in job.events()`, select, or Qt."""

    def __init__(
        self,
        number: int,
        seed: int,
        events: Mailbox[JobEvent],
        actions: Mailbox[Action],
        stream: InputStream,
        notes: tuple[str, ...] = (),
        item_sizes: Callable[[], Mapping[int, int]] = dict,
    ) -> None:
        self.item_sizes = item_sizes  # returns bytes of the inputs of each item that is not done
        self.notes = notes  # about its inputs and outputs, one line each
        self.id = number  # as `jobs list` shows it
        self.seed = seed  # the base seed, given or drawn
        self._events = events
        self._actions = actions
        self._stream = stream
        self._finished = False

    def fileno(self) -> int:
        """Return a descriptor that is readable while events wait."""
        return self._events.fileno()

    def poll(self) -> list[JobEvent]:
        """Return the events since the last call, without waiting."""
        found = self._events.take_all()
        self._finished = self._finished or any(isinstance(event, JobFinished) for event in found)
        return found

    def events(self) -> Iterator[JobEvent]:
        """Yield events as they occur; `JobFinished` is the last."""
        while not self._finished:
            select.select([self], [], [])
            yield from self.poll()

    def wait(self) -> JobFinished:
        """Wait until the job has finished, and return its last event."""
        for event in self.events():
            if isinstance(event, JobFinished):
                return event
        raise RuntimeError("the last event of this job was already returned")

    def feed(self, data: bytes) -> None:
        """Pass the next bytes to an operation that runs on a stream; never waits.

        Parameters
        ----------
        data : for `stream.audio` float32 samples, little-endian, one channel, at the `rate_hz` of
            the manifest's input; for `stream.midi` whole raw MIDI messages

        Raises
        ------
        JobError
            If the operation runs on files, the input was closed, the job is over, a sample is
            incomplete, or more than 8 MiB would be unread. Then none of `data` is accepted and the
            job continues: feed it again when `unread` is smaller. Accepted data is never dropped.
        """
        self._stream.feed(data)

    @property
    def unread(self) -> int:
        """The number of bytes that were fed and that the operation has not read yet."""
        return self._stream.unread

    def close_input(self) -> None:
        """End the input: the operation reads the rest and returns its result.

        Raises
        ------
        JobError
            If the operation runs on files.
        """
        self._stream.close()

    def pause(self) -> None:
        """Pause at the operation's next check, and start no further item."""
        self._actions.put("pause")

    def resume(self) -> None:
        """Continue after a pause."""
        self._actions.put("resume")

    def cancel(self) -> None:
        """Stop the job, and kill workers that do not stop. The same command continues it."""
        self._actions.put("cancel")

    def interrupt(self) -> None:
        """Stop the job as `cancel` does, but leave it interrupted: this process is about to end."""
        self._actions.put("interrupt")

    def ends_within(self, seconds: float) -> bool:
        """Wait at most `seconds` for the end and return whether it came; events are discarded."""
        deadline = time.monotonic() + seconds
        while not self._finished and (left := deadline - time.monotonic()) > 0:
            select.select([self], [], [], left)
            self.poll()
        return self._finished
