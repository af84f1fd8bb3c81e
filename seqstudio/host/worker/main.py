"""A worker: one process that loads one plugin and runs its jobs, one at a time.

Started by the host with `-I -S` and an explicit path. It talks over an inherited socket, never over
standard input or output, and ends when that socket closes.
"""

import contextlib
import os
import socket
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from seqstudio.contracts.job import Cancelled
from seqstudio.contracts.messages import Done, Failed, Ready, Start
from seqstudio.errors import JobError, SeqStudioError
from seqstudio.host.runner.worker_process import LOG
from seqstudio.host.worker.channel import Line
from seqstudio.host.worker.models import Shelf
from seqstudio.host.worker.plugins import Plugins

ORPHANED = 3  # exit status of a worker whose host is gone


def main(descriptor: int, nice: int) -> None:
    """Serve the host at the other end of `descriptor` until it closes."""
    lower_priority(nice)
    line = socket.socket(fileno=descriptor)
    serve(line, on_start=move_in, on_close=lambda: os._exit(ORPHANED))


def move_in(start: Start) -> None:
    """Work in the job's folder, and write to its log: the job before had others."""
    log = os.open(Path(start.folder) / LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.close(log)
    os.chdir(start.folder)


def lower_priority(nice: int) -> None:
    """Give way to other processes, and to other sessions where Linux schedules by session."""
    if not nice:
        return
    total = os.nice(nice)
    with contextlib.suppress(OSError):  # no such file, or a kernel that lets only root say it
        Path("/proc/self/autogroup").write_text(str(total), encoding="ascii")


def serve(
    line: socket.socket, *, on_start: Callable[[Start], None], on_close: Callable[[], None]
) -> None:
    """Run the jobs that come over a line, one after another, until it closes."""
    host, shelf = Line(line, on_close), Shelf()
    try:
        for start in host.starts():
            on_start(start)
            _tell(host, _outcome(start, host, shelf))
    except Cancelled:  # the host went away while it was being told
        return


def _tell(host: Line, outcome: Done | Failed) -> None:
    try:
        host.send(outcome)
    except JobError as bad:  # more than a message holds
        host.send(Failed(reason=str(bad)))


def _outcome(start: Start, host: Line, shelf: Shelf) -> Done | Failed:
    """Run one job to its end; what ends it early is said, and never ends the worker."""
    try:
        return Done(value=_run(start, host, shelf))
    except Cancelled:
        return Done()
    except SeqStudioError as bad:
        return Failed(reason=str(bad))
    except BaseException as bad:  # a bug, or a plugin that tries to exit: told to the host, by name
        traceback.print_exc()
        reason = f"{start.plugin.id} {start.name}: {type(bad).__name__}: {bad}"
        return Failed(reason=reason, fixable=False, traceback=traceback.format_exc())


def _run(start: Start, host: Line, shelf: Shelf) -> Mapping[str, Any]:
    plugins = Plugins((start.plugin, *start.extensions))
    if start.verb == "describe":
        return plugins.describe()
    if start.verb == "operation":
        from seqstudio.host.worker.operations import run_operation

        return run_operation(start, plugins, host, ready, shelf)
    from seqstudio.host.worker.services import run_service  # these need torch from the first step

    return run_service(start, plugins, host, ready)


def ready(host: Line) -> None:
    """Say that the plugin is loaded."""
    host.send(Ready(pid=os.getpid()))
