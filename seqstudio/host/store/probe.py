"""Trying a plugin before it is switched on: a worker imports it and calls its hooks."""

import select
import time
from pathlib import Path

from seqstudio.contracts.messages import Done, Failed, PluginSource, Start
from seqstudio.errors import JobError, PluginError
from seqstudio.host.catalogue.catalogue import search_path
from seqstudio.host.catalogue.installed import Receipt
from seqstudio.host.runner.worker_process import LOG, ProcessWorker


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
        If a hook fails or gives other names than the manifest, or the worker dies or hangs.
    """
    name = receipt.table["id"]
    paths = [*search_path(), str(library)]
    worker = ProcessWorker(paths, scratch / LOG, nice=0, threads=1)
    source = PluginSource(
        id=name, module=receipt.module, version=receipt.version, manifest=receipt.table
    )
    try:
        worker.send(Start(plugin=source, verb="describe", name=name, folder=str(scratch)))
        if reason := hear(worker, limit_s):
            raise PluginError(reason)
    except JobError as bad:
        raise PluginError(f"plugin {name!r}: its worker sent what is no {bad}") from bad
    except TimeoutError as bad:
        raise PluginError(f"plugin {name!r}: {bad}, and was {worker.kill()}") from bad
    except EOFError as bad:
        raise PluginError(f"plugin {name!r}: its worker {worker.end()} while it was tried") from bad
    finally:
        worker.kill()


def hear(worker: ProcessWorker, limit_s: float) -> str:
    """Wait for the worker's verdict: '' where all is well, else the reason."""
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
    raise TimeoutError(f"its worker said nothing for {limit_s:g} s while it was tried")
