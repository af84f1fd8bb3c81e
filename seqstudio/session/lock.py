"""Who holds a session's file: one live process, or nobody."""

import os
import sys
from pathlib import Path

from seqstudio.errors import SessionError
from seqstudio.host.processes import is_alive, owner_name


def holder_name(path: Path) -> str:
    """Name this process as the holder of the file at `path`; a copy of the file is not held."""
    program = Path(sys.argv[0] or sys.executable).name
    return f"{owner_name(os.getpid())}|{_file(path)}|{program}"


def holder_lives(path: Path, holder: str) -> bool:
    """Say whether a `holder_name` still holds the file at `path`."""
    owner, _, rest = holder.partition("|")
    return rest.partition("|")[0] == _file(path) and is_alive(owner)


def refuse_held(path: Path, holder: str) -> None:
    """See that nobody holds a file.

    Raises
    ------
    SessionError
        If a live process does; the text names it.
    """
    if not holder_lives(path, holder):
        return
    pid, program = holder.partition(":")[0], holder.rpartition("|")[2]
    if pid == str(os.getpid()):
        raise SessionError(f"{path} is open already in this program, expected to open it once")
    raise SessionError(f"{path} is open in process {pid} ({program}); close it there first")


def _file(path: Path) -> str:
    found = path.stat()
    return f"{found.st_dev}:{found.st_ino}"
