"""The guardian of a worker: its parent, which outlives it and ends every process that it started.

Orphans among the worker's descendants become children of the guardian, so that none gets away. The
guardian is not confined, runs no code of a plugin, and ends as the worker did.
"""

import contextlib
import faulthandler
import json
import os
import select
import signal
import sys
import time

from seqstudio.host.confinement.descendants import descendants, kill_all
from seqstudio.host.confinement.rights import adopt_orphans

GRACE_S = 1.0  # for a worker whose front end is gone
POLL_S = 0.02  # between looks, where the kernel does not tell
END_GRACE_S = 0.3  # for processes that end by themselves soon after the worker


def start_guarded(descriptor: int, report: int) -> None:
    """Return in a new process, the worker; this one guards it and never returns.

    Parameters
    ----------
    descriptor : the worker's socket, which only the worker keeps open
    report : a file that only the guardian keeps open; it gets the names of the processes that the
        worker left behind and that had to be ended, as JSON
    """
    if sys.platform != "linux":
        os.close(report)
        return
    parent = os.getppid()
    adopt_orphans()
    child = os.fork()
    if child == 0:
        os.close(report)
        return
    os.close(descriptor)
    faulthandler.disable()  # the worker has written its own trace
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    status = _wait(child, parent)
    left = _end_descendants()
    with contextlib.suppress(OSError):  # the disk is full
        os.ftruncate(report, 0)
        os.pwrite(report, json.dumps({"left_behind": left}).encode(), 0)
    _end_as(status)


def _wait(child: int, parent: int) -> int:
    """Wait for the end of the worker, or of the front end; return the worker's status."""
    poll = select.poll()
    try:
        pidfd = os.pidfd_open(child)
    except OSError:  # an old kernel, or a container that refuses it
        return _wait_by_polling(child, parent)
    poll.register(pidfd, select.POLLIN)
    with contextlib.suppress(OSError):  # the front end is gone already
        poll.register(os.pidfd_open(parent), select.POLLIN)
    ready = [descriptor for descriptor, _ in poll.poll()]
    if pidfd not in ready:
        select.select([pidfd], [], [], GRACE_S)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


def _wait_by_polling(child: int, parent: int) -> int:
    deadline = float("inf")
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        now = time.monotonic()
        if os.getppid() != parent:
            deadline = min(deadline, now + GRACE_S)
        if now > deadline:
            os.kill(child, signal.SIGKILL)
        time.sleep(POLL_S)


def _end_descendants() -> list[str]:
    """End all descendants; return the names of those that did not end by themselves."""
    deadline = time.monotonic() + END_GRACE_S
    while (found := _living_descendants()) and time.monotonic() < deadline:
        time.sleep(0.01)
    names = sorted({_name(pid) for pid in found})
    while found := _living_descendants():
        kill_all(found)
        time.sleep(0.001)
    return names


def _living_descendants() -> list[int]:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    return descendants(os.getpid())


def _name(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/comm", "rb") as file:  # noqa: PTH123 - without pathlib
            return file.read().strip().decode("ascii", "replace")
    except OSError:  # it has just ended
        return "one that has ended"


def _end_as(status: int) -> None:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.WEXITSTATUS(status))
