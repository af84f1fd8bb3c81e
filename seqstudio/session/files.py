"""Session files in the file system: copied while open, inspected, replaced, removed."""

from pathlib import Path

from seqstudio.errors import SessionError
from seqstudio.services.atomic_files import new_temporary, os_errors_as, sync_file
from seqstudio.session.journal import DamagedError, Journal
from seqstudio.session.lock import check_unlocked, is_locked
from seqstudio.session.schema import EmptyError, VersionError

SIDE_FILE_SUFFIXES = ("-wal", "-shm")  # SQLite's, while a file is open or after a crash


def copy_to(journal: Journal, target: Path) -> None:
    """Write a named, unlocked copy of an open session; it replaces an existing file.

    Raises
    ------
    SessionError
        If a live process has the target open, or it cannot be written.
    """
    if target.exists():
        if target.samefile(journal.path):
            raise SessionError(f"{target} is this session already, expected another place")
        check_unlocked(target, _lock_owner(target))
    temporary = new_temporary(target.parent)
    with os_errors_as(SessionError, target):
        try:
            journal.read("VACUUM INTO ?", str(temporary))
            copy = Journal.open(temporary)
            with copy.transaction() as connection:
                connection.execute("UPDATE state SET untitled = 0")
            copy.close()
            replace_file(temporary, target)
        finally:
            remove(temporary)


def replace_file(source: Path, target: Path) -> None:
    """Rename a closed session over another one, whose side files are removed."""
    sync_file(source)
    for end in SIDE_FILE_SUFFIXES:  # else SQLite would apply them to the new file
        side_file(target, end).unlink(missing_ok=True)
    source.replace(target)
    sync_file(target.parent)


def remove(path: Path) -> None:
    """Remove a closed session with its side files."""
    for end in ("", *SIDE_FILE_SUFFIXES):
        side_file(path, end).unlink(missing_ok=True)


def has_work(path: Path) -> bool:
    """Return whether an untitled session has steps, or is damaged, and no process has it open.

    A file that is removed meanwhile has none.
    """
    try:
        with Journal.reading(path) as journal:
            locked = is_locked(path, _lock_owner(path))
            return not locked and bool(journal.read("SELECT 1 FROM step LIMIT 1"))
    except EmptyError:
        return False
    except (DamagedError, VersionError):  # opening it says what is wrong
        return True
    except SessionError:
        if path.exists():
            raise
        return False


def side_file(path: Path, end: str) -> Path:
    """Return the path of one of SQLite's side files."""
    return path.with_name(path.name + end)


def _lock_owner(path: Path) -> str:
    """Read the owner of a file's lock; a file that is no intact session has none."""
    try:
        with Journal.reading(path) as journal:
            rows = journal.read("SELECT lock_owner FROM state")
    except (DamagedError, VersionError):
        return ""
    return str(rows[0][0]) if rows else ""
