"""The processes below a process, and their end."""

import contextlib
import os
import signal
from collections.abc import Iterable


def descendants(pid: int) -> list[int]:
    """Return the ids of all processes below one, parents first; zombies are among them."""
    found = [pid]
    for one in found:  # grows while it is read
        found += _children(one)
    return found[1:]


def kill_all(pids: Iterable[int]) -> None:
    """Stop processes, so that they start no others meanwhile, then kill them."""
    pids = list(pids)
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)


def _children(pid: int) -> list[int]:
    children: list[int] = []
    with contextlib.suppress(OSError):  # it has ended
        for task in os.scandir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError), open(f"{task.path}/children", "rb") as file:  # noqa: PTH123 - without pathlib
                children += map(int, file.read().split())
    return children
