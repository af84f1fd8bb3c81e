"""What a front end feeds to an operation while it runs, on its way to the worker."""

import base64
import collections
import threading

from seqstudio.contracts.messages import CloseInput, Feed
from seqstudio.errors import JobError
from seqstudio.host.runner.mailbox import Mailbox

BLOCK_BYTES = 8 * 2**10
AHEAD_BLOCKS = 2  # sent and not taken: as base64, half of what a socket holds before it waits
UNREAD_BYTES = 8 * 2**20  # at 16 kHz two minutes of audio
SAMPLE_BYTES = {"stream.audio": 4, "stream.midi": 1}


class Stream:
    """Blocks in order, none of them dropped: what would make too many wait is refused whole.

    A front end's thread feeds and closes; the thread of the job does the rest. What is sent ahead
    of the operation is little enough for sending never to wait.

    Parameters
    ----------
    name : of the job, which begins every error
    kind : of the operation's streaming input; "" where it has none
    """

    def __init__(self, name: str, kind: str) -> None:
        self._name = name
        self._kind = kind
        self._shut = ""  # why nothing more is taken
        self._unread = 0
        self._changing = threading.Lock()
        self._fed: Mailbox[bytes | None] = Mailbox()  # None: closed
        self._waiting: collections.deque[bytes | None] = collections.deque()
        self._ahead: collections.deque[int] = collections.deque()  # the sizes of blocks sent
        self._closed = False  # and the worker knows

    @property
    def unread(self) -> int:
        """Bytes that were fed and that the operation has not taken."""
        return self._unread

    def feed(self, data: bytes) -> None:
        """Add bytes behind the others, all or none of them."""
        self._check()
        if cut := len(data) % SAMPLE_BYTES[self._kind]:
            wanted = f"whole samples of {SAMPLE_BYTES[self._kind]}"
            raise JobError(f"{self._name}: {len(data)} bytes, {cut} too many, expected {wanted}")
        with self._changing:
            if (unread := self._unread + len(data)) > UNREAD_BYTES:
                raise JobError(
                    f"{self._name}: {unread} bytes would wait unread, expected at most "
                    f"{UNREAD_BYTES}; feed them again when the operation has caught up"
                )
            self._unread = unread
        for start in range(0, len(data), BLOCK_BYTES):
            self._fed.put(bytes(data[start : start + BLOCK_BYTES]))

    def close(self) -> None:
        """Say that no more comes; again, or after the end, it changes nothing."""
        if not self._shut:
            self._check()
            self._shut = "its input was closed"
            self._fed.put(None)

    def end(self) -> None:
        """Take nothing more: the job is over."""
        self._shut = self._shut or "it is over"

    def fileno(self) -> int:
        """Give a descriptor that is readable where something was fed since `collect`."""
        return self._fed.fileno()

    def collect(self) -> None:
        """Take in what was fed."""
        self._waiting += self._fed.take()

    def next(self) -> Feed | CloseInput | None:
        """Give what the worker is to be told now, if anything."""
        if not self._waiting or len(self._ahead) == AHEAD_BLOCKS:
            return None
        block = self._waiting.popleft()
        if block is None:
            self._closed = True
            return CloseInput()
        self._ahead.append(len(block))
        return Feed(data=base64.b64encode(block).decode("ascii"))

    def taken(self) -> None:
        """Note that the operation took a block.

        Raises
        ------
        JobError
            If none was sent to it.
        """
        if not self._ahead:
            raise JobError("message about a block, expected one after it was fed")
        with self._changing:
            self._unread -= self._ahead.popleft()

    @property
    def dry(self) -> bool:
        """Whether the worker has nothing to do until more is fed: its silence is no fault."""
        return bool(self._kind) and not self._ahead and not self._closed

    def _check(self) -> None:
        if not self._kind:
            wanted = 'an operation whose manifest says runs = "stream"'
            raise JobError(f"{self._name}: it reads files and cannot be fed, expected {wanted}")
        if self._shut:
            raise JobError(f"{self._name}: {self._shut}, expected a stream that is open")
