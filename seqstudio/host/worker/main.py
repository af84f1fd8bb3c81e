"""A worker: one process that loads one plugin and runs its jobs, one at a time.

The host starts it with `-I -S` and an explicit import path. It communicates over an inherited
socket, never over standard input or output, and exits when that socket closes.
"""

import os
import socket
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from seqstudio.contracts.job import Cancelled
from seqstudio.contracts.messages import Done, Failed, Ready, Refused, Start
from seqstudio.errors import JobError, SeqStudioError
from seqstudio.host.confinement.refusals import RefusalLog
from seqstudio.host.jobs import WORKER_LOG
from seqstudio.host.worker.announcer import Announcer
from seqstudio.host.worker.channel import HostChannel
from seqstudio.host.worker.models import ModelCache
from seqstudio.host.worker.parent import ORPHANED
from seqstudio.host.worker.plugins import Plugins


def main(descriptor: int, refusals: RefusalLog) -> None:
    """Serve the host at the other end of `descriptor` until it closes.

    Parameters
    ----------
    descriptor : the worker's end of the socket
    refusals : what this process asks for and is not allowed
    """
    connection = socket.socket(fileno=descriptor)
    serve(
        connection,
        on_start=enter_job_folder,
        on_close=lambda: os._exit(ORPHANED),
        refusals=refusals,
    )


def enter_job_folder(start: Start) -> None:
    """Change to the job's folder, and redirect the output to its log."""
    log = os.open(Path(start.folder) / WORKER_LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.close(log)
    os.chdir(start.folder)


def serve(
    connection: socket.socket,
    *,
    on_start: Callable[[Start], None],
    on_close: Callable[[], None],
    refusals: RefusalLog | None = None,
) -> None:
    """Run the jobs that arrive over a connection, one after another, until it closes."""
    host, cache = HostChannel(connection, on_close), ModelCache()
    if refusals:
        refusals.connect(lambda text: host.send(Refused(text=text)))
    try:
        for start in host.starts():
            on_start(start)
            _send_outcome(host, _outcome(start, host, cache))
    except Cancelled:  # the host has gone
        return


def _send_outcome(host: HostChannel, outcome: Done | Failed) -> None:
    try:
        host.send(outcome)
    except JobError as error:  # too large for a message
        host.send(Failed(reason=str(error)))


def _outcome(start: Start, host: HostChannel, cache: ModelCache) -> Done | Failed:
    """Run one job and return how it ended; no failure of a job ends the worker."""
    try:
        return Done(value=_run(start, host, cache))
    except Cancelled:
        return Done()
    except SeqStudioError as error:
        return Failed(reason=str(error))
    except BaseException as error:  # a bug, or a plugin that tries to exit
        traceback.print_exc()
        reason = f"{start.plugin.id} {start.name}: {type(error).__name__}: {error}"
        return Failed(reason=reason, fixable=False, traceback=traceback.format_exc())


def _run(start: Start, host: HostChannel, cache: ModelCache) -> Mapping[str, Any]:
    announcer = Announcer(start.plugin.id, host.send)
    plugins = Plugins((start.plugin, *start.extensions), announcer)
    if start.verb == "describe":
        return plugins.describe()
    if start.verb == "operation":
        from seqstudio.host.worker.operations import run_operation

        return run_operation(start, plugins, host, send_ready, cache)
    from seqstudio.host.worker.services import run_service  # imports torch

    return run_service(start, plugins, host, send_ready)


def send_ready(host: HostChannel) -> None:
    """Tell the host that the plugin is loaded."""
    host.send(Ready(pid=os.getpid()))
