"""Probe a plugin before it is enabled: a worker imports it and calls its hooks."""

import select
import time
from pathlib import Path

from seqstudio.contracts.messages import Done, Failed, PluginSource, Start
from seqstudio.errors import JobError, PluginError
from seqstudio.host.catalogue.catalogue import search_path
from seqstudio.host.catalogue.installed import Receipt
from seqstudio.host.jobs import WORKER_LOG
from seqstudio.host.runner.worker_process import ProcessWorker


def probe(receipt: Receipt, library: Path, scratch: Path, limit_s: float) -> None:
    """Import a plugin in a worker and call every hook.

    Parameters
    ----------
    receipt : of the plugin
    library : the folder of its packages
    scratch : an empty folder for the worker's log
    limit_s : seconds after which the worker is killed

    Raises
    ------
    PluginError
        If a hook fails or does not match the manifest, or the worker dies or hangs.
    """
    name = receipt.table["id"]
    paths = [*search_path(), str(library)]
    worker = ProcessWorker(paths, scratch / WORKER_LOG, nice=0, threads=1)
    source = PluginSource(
        id=name, module=receipt.module, version=receipt.version, manifest=receipt.table
    )
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
