"""Session files as files: copied while open, looked into, removed with what lies beside them."""

import os
from pathlib import Path

from seqstudio.errors import SessionError
from seqstudio.services.atomic_files import os_errors_as, sync_file
from seqstudio.session.journal import APPLICATION, DamagedError, Journal
from seqstudio.session.lock import check_unlocked, is_locked

BESIDE = ("-wal", "-shm")  # SQLite's own, while a file is open or after a crash


def copy_to(journal: Journal, target: Path) -> None:
    """Write a copy of an open session, titled and held by nobody; it replaces what is there.

    Raises
    ------
    SessionError
        If a live process has the target open, or it cannot be written.
    """
    if target.exists():
        if target.samefile(journal.path):
            raise SessionError(f"{target} is this session already, expected another place")
        check_unlocked(target, _holder(target))
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    with os_errors_as(SessionError, target):
        beside.unlink(missing_ok=True)
        journal.read("VACUUM INTO ?", str(beside))
        copy = Journal.open(beside)
        with copy.change() as change:
            change.execute("UPDATE state SET untitled = 0")
        copy.close()
        put_in_place(beside, target)


def put_in_place(source: Path, target: Path) -> None:
    """Rename a closed session over another, of which nothing stays."""
    sync_file(source)
    for end in BESIDE:  # else SQLite would play them into the new file
        beside(target, end).unlink(missing_ok=True)
    source.replace(target)
    sync_file(target.parent)


def remove(path: Path) -> None:
    """Remove a closed session."""
    for end in ("", *BESIDE):
        beside(path, end).unlink(missing_ok=True)


def has_work(path: Path) -> bool:
    """Say whether an untitled session holds steps and no process has it open; damaged ones do.

    One that is removed meanwhile holds none.
    """
    try:
        journal = Journal(path)
        try:
            if journal.read("PRAGMA application_id") != [(APPLICATION,)]:
                return False  # the kill came before its first table
            held = is_locked(path, _holder(path))
            return not held and bool(journal.read("SELECT 1 FROM step LIMIT 1"))
        finally:
            journal.connection.close()
    except DamagedError:
        return True
    except (SessionError, FileNotFoundError):
        if path.exists():
            raise
        return False


def beside(path: Path, end: str) -> Path:
    """Name a file of SQLite's beside a session."""
    return path.with_name(path.name + end)


def _holder(path: Path) -> str:
    """Read who holds a file; what is no sound session is held by nobody."""
    try:
        journal = Journal(path)
        try:
            rows = journal.read("SELECT holder FROM state")
        finally:
            journal.connection.close()
    except DamagedError:
        return ""
    return str(rows[0][0]) if rows else ""
