"""The lock of a session file: at most one live process owns it."""

import os
import sys
from pathlib import Path

from seqstudio.errors import SessionError
from seqstudio.host.processes import is_alive, owner_name


def lock_owner(path: Path) -> str:
    """Return this process as the owner of the file's lock; a copy of the file is not locked."""
    program = Path(sys.argv[0] or sys.executable).name
    return f"{owner_name(os.getpid())}|{_file_id(path)}|{program}"


def is_locked(path: Path, owner: str) -> bool:
    """Return whether `owner`, from `lock_owner`, is alive and has locked the file at `path`."""
    process, _, rest = owner.partition("|")
    return rest.partition("|")[0] == _file_id(path) and is_alive(process)


def check_unlocked(path: Path, owner: str) -> None:
    """Check that no live process owns a file's lock.

    Raises
    ------
    SessionError
        If one does; the text names it.
    """
    if not is_locked(path, owner):
        return
    pid, program = owner.partition(":")[0], owner.rpartition("|")[2]
    if pid == str(os.getpid()):
        raise SessionError(f"{path} is open already in this program, expected to open it once")
    raise SessionError(f"{path} is open in process {pid} ({program}); close it there first")


def _file_id(path: Path) -> str:
    found = path.stat()
    return f"{found.st_dev}:{found.st_ino}"
