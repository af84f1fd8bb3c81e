"""The priority of a worker and of the processes that it starts."""

import contextlib
import os
from pathlib import Path


def lower_priority(nice: int) -> None:
    """Lower the priority by `nice`, also against other sessions."""
    if nice:
        lower_session_priority(os.nice(nice))


def lower_session_priority(nice: int) -> None:
    """Set the priority of this process's session where Linux schedules by session."""
    if not nice:
        return
    with contextlib.suppress(OSError):  # no such file, or a kernel that lets only root write it
        Path("/proc/self/autogroup").write_text(str(nice), encoding="ascii")
