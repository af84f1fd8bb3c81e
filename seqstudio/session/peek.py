"""Reading a session's document without opening the session: nothing is locked or changed."""

from pathlib import Path

from seqstudio.session.document import Document
from seqstudio.session.journal import DamagedError, Journal
from seqstudio.session.restore import restore
from seqstudio.session.schema import EmptyError


def peek(path: Path) -> Document | None:
    """Return a session's document, or None if it has none to show.

    This is so if the file is damaged and must be opened to repair it, and if it is empty, since a
    process is just creating it.

    Raises
    ------
    SessionError
        If the file does not exist or cannot be read.
    """
    try:
        with Journal.reading(path) as journal:
            return restore(journal).document
    except (DamagedError, EmptyError):
        return None
