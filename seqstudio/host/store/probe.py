"""Probe a plugin before it is enabled: a worker imports it and calls its hooks."""

import select
import time
from collections.abc import Sequence
from pathlib import Path

from seqstudio.contracts.messages import Done, Failed, PluginSource, Start
from seqstudio.errors import JobError, PluginError
from seqstudio.host.catalogue.catalogue import search_path
from seqstudio.host.confinement.policy import Policy
from seqstudio.host.jobs import WORKER_LOG
from seqstudio.host.limits import Limits
from seqstudio.host.runner.grants import limits_of
from seqstudio.host.runner.worker_process import ProcessWorker


def probe(
    source: PluginSource, library: Path, scratch: Path, limits: Limits, hidden: Sequence[str]
) -> None:
    """Import a plugin in a worker and call every hook.

    Parameters
    ----------
    source : the plugin
    library : the folder of its packages
    scratch : an empty folder for the worker's log
    limits : of the worker; it is killed if it is not ready in time
    hidden : the packages of other plugins

    Raises
    ------
    PluginError
        If a hook fails or does not match the manifest, or the worker dies or hangs.
    """
    name = source.id
    paths = [*search_path(), str(library)]
    policy = Policy(
        read=tuple(paths), hidden=tuple(hidden), write=(str(scratch),), **limits_of(limits)
    )
    worker = ProcessWorker(paths, scratch / WORKER_LOG, policy, nice=0, threads=1)
    limit_s = limits.start_timeout_s
    try:
        worker.send(Start(plugin=source, verb="describe", name=name, folder=str(scratch)))
        if reason := wait_for_result(worker, limit_s):
            raise PluginError(reason)
    except JobError as error:
        raise PluginError(f"plugin {name!r}: its worker sent a malformed {error}") from error
    except TimeoutError as error:
        raise PluginError(f"plugin {name!r}: {error}, and was {worker.kill()}") from error
    except EOFError as error:
        raise PluginError(
            f"plugin {name!r}: its worker {worker.end()} while it was tried"
        ) from error
    finally:
        worker.kill()


def wait_for_result(worker: ProcessWorker, limit_s: float) -> str:
    """Wait until the worker has finished; return '' or the reason why the probe failed.

    Raises
    ------
    TimeoutError
        If it takes longer than `limit_s`.
    EOFError
        If the worker ends without a result.
    """
    deadline = time.monotonic() + limit_s
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([worker], [], [], left)[0]:
            break
        messages = worker.receive()
        if messages is None:
            raise EOFError
        for message in messages:
            if isinstance(message, Done):
                return ""
            if isinstance(message, Failed):
                return message.reason
    raise TimeoutError(f"its worker sent no message for {limit_s:g} s while it was tried")
