"""What a worker tells the host about its plugins: whose code runs, and what they did to the job."""

import contextlib
import sys
from collections.abc import Callable, Iterator

from seqstudio.contracts.messages import Acting, Notice


class Announcer:
    """Announces whose code runs; notices go to the user, and to the job's log.

    Parameters
    ----------
    owner : id of the plugin whose job it is
    send : sends a message to the host; a rank of several processes has no connection to it
    """

    def __init__(self, owner: str, send: Callable[[object], None] = lambda _message: None) -> None:
        self._owner = owner
        self._send = send

    @contextlib.contextmanager
    def acting(self, plugin: str) -> Iterator[None]:
        """Announce that the code of a plugin runs inside this block."""
        if plugin == self._owner:  # whose code is assumed to run
            yield
            return
        self._send(Acting(plugin=plugin))
        try:
            yield
        finally:
            self._send(Acting(plugin=""))

    def notice(self, text: str, *, left_out: str = "") -> None:
        """Tell the user something, and which plugin is left out from now on."""
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
        self._send(Notice(text=text, left_out=left_out))
