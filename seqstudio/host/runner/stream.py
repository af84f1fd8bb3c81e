"""The input stream of an operation: bytes on their way from a front end to the worker."""

import base64
import collections
import threading

from seqstudio.contracts.messages import CloseInput, Feed
from seqstudio.errors import JobError
from seqstudio.host.runner.mailbox import Mailbox

BLOCK_BYTES = 8 * 2**10
UNACKNOWLEDGED_BLOCKS = 2  # in base64 half of a socket buffer, so that sending never waits
UNREAD_BYTES = 8 * 2**20  # at 16 kHz two minutes of audio
SAMPLE_BYTES = {"stream.audio": 4, "stream.midi": 1}


class InputStream:
    """Passes blocks on in order and drops none; data that would exceed the limit is refused.

    A front end's thread calls `feed` and `close`; the job's thread calls everything else.

    Parameters
    ----------
    name : the job's name, with which every error begins
    kind : the kind of the operation's streaming input; "" if it has none
    """

    def __init__(self, name: str, kind: str) -> None:
        self._name = name
        self._kind = kind
        self._closed_reason = ""  # why no more data is accepted
        self._unread = 0
        self._lock = threading.Lock()
        self._fed: Mailbox[bytes | None] = Mailbox()  # None: the end
        self._waiting: collections.deque[bytes | None] = collections.deque()
        self._unacknowledged: collections.deque[int] = collections.deque()  # sizes of sent blocks
        self._end_sent = False

    @property
    def unread(self) -> int:
        """The number of bytes that were fed and that the operation has not read."""
        return self._unread

    def feed(self, data: bytes) -> None:
        """Append bytes: all, or none of them if it raises."""
        self._check()
        if rest := len(data) % SAMPLE_BYTES[self._kind]:
            wanted = f"whole samples of {SAMPLE_BYTES[self._kind]}"
            raise JobError(f"{self._name}: {len(data)} bytes, {rest} too many, expected {wanted}")
        with self._lock:
            if (unread := self._unread + len(data)) > UNREAD_BYTES:
                raise JobError(
                    f"{self._name}: {unread} bytes would wait unread, expected at most "
                    f"{UNREAD_BYTES}; feed them again when the operation has caught up"
                )
            self._unread = unread
        for start in range(0, len(data), BLOCK_BYTES):
            self._fed.put(bytes(data[start : start + BLOCK_BYTES]))

    def close(self) -> None:
        """End the stream; has no effect on a stream that has ended."""
        if not self._closed_reason:
            self._check()
            self._closed_reason = "its input was closed"
            self._fed.put(None)

    def end(self) -> None:
        """Refuse further data, because the job is over."""
        self._closed_reason = self._closed_reason or "it is over"

    def fileno(self) -> int:
        """Return a descriptor that is readable if data was fed since `collect`."""
        return self._fed.fileno()

    def collect(self) -> None:
        """Move the data that was fed to the blocks that wait."""
        self._waiting += self._fed.take_all()

    def next_message(self) -> Feed | CloseInput | None:
        """Return the next message for the worker, or None if there is none to send now."""
        if not self._waiting or len(self._unacknowledged) == UNACKNOWLEDGED_BLOCKS:
            return None
        block = self._waiting.popleft()
        if block is None:
            self._end_sent = True
            return CloseInput()
        self._unacknowledged.append(len(block))
        return Feed(data=base64.b64encode(block).decode("ascii"))

    def acknowledge(self) -> None:
        """Count the oldest sent block as read by the operation.

        Raises
        ------
        JobError
            If no sent block is unread.
        """
        if not self._unacknowledged:
            raise JobError("message about a block, expected one after it was fed")
        with self._lock:
            self._unread -= self._unacknowledged.popleft()

    @property
    def is_drained(self) -> bool:
        """Whether the worker has read all that was sent and waits for more."""
        return bool(self._kind) and not self._unacknowledged and not self._end_sent

    def _check(self) -> None:
        if not self._kind:
            wanted = 'an operation whose manifest says runs = "stream"'
            raise JobError(f"{self._name}: it reads files and cannot be fed, expected {wanted}")
        if self._closed_reason:
            raise JobError(f"{self._name}: {self._closed_reason}, expected a stream that is open")
