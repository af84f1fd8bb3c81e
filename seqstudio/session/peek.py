"""A look into a session that nobody opens: what is in it, without holding or changing it."""

from pathlib import Path

from seqstudio.session.document import Document
from seqstudio.session.journal import DamagedError, Journal
from seqstudio.session.restore import restore


def glance(path: Path) -> Document | None:
    """Read what a session holds; None where it is damaged, and has to be opened to be mended.

    Raises
    ------
    SessionError
        If it is not there, or cannot be read.
    """
    try:
        journal = Journal(path)
        try:
            return restore(journal).document
        finally:
            journal.connection.close()
    except DamagedError:
        return None
