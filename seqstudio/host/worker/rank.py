"""A rank: one of the processes that train a model together. torchrun starts it."""

import json
import os
import sys
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seqstudio.contracts.messages import Start
from seqstudio.contracts.plain import from_plain
from seqstudio.errors import SeqStudioError
from seqstudio.host.confinement.priority import lower_session_priority
from seqstudio.host.processes import owner_name
from seqstudio.host.worker.parent import exit_with_parent
from seqstudio.host.worker.plugins import Plugins
from seqstudio.services.atomic_files import json_bytes, write_atomic

START = "start.json"  # the job's start message
EVENTS = "events.jsonl"  # of rank 0; the worker passes them on
STOP, PAUSE = "stop", "pause"  # files that the worker makes
BUG = "bug"  # the kind of an error that users cannot fix
POLL_S = 0.1


def owner_path(folder: Path, rank: int) -> Path:
    """Return the file in which a rank says which process it is."""
    return folder / f"rank-{rank}.owner"


def error_path(folder: Path, rank: int) -> Path:
    """Return the file in which a rank says why it failed."""
    return folder / f"rank-{rank}.error.json"


def main(folder_name: str, parent: int) -> None:
    """Train to the end, or write why not and exit with status 1."""
    exit_with_parent(parent)
    lower_session_priority(os.nice(0))
    folder, rank = Path(folder_name), int(os.environ["RANK"])
    write_atomic(owner_path(folder, rank), owner_name(os.getpid()).encode())
    try:
        _train(folder)
    except SeqStudioError as error:
        _write_error(folder, rank, str(error), kind=type(error).__name__)
        sys.exit(1)
    except BaseException as error:
        traceback.print_exc()
        _write_error(folder, rank, f"{type(error).__name__}: {error}", kind=BUG)
        sys.exit(1)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # at an ordinary exit, threads of torch that still run can fail as it is unloaded


def stop_requested(folder: Path) -> bool:
    """Return whether the worker asks to stop; wait while it asks to pause."""
    while (folder / PAUSE).exists() and not (folder / STOP).exists():
        time.sleep(POLL_S)
    return (folder / STOP).exists()


def _train(folder: Path) -> None:
    from seqstudio.host.worker.plugin_context import plugin_context  # imports torch
    from seqstudio.services.communicator import ProcessGroup, local_rank
    from seqstudio.services.events import event_to_plain
    from seqstudio.services.train_job import TrainJob, run_train_job

    start = from_plain(Start, json.loads((folder / START).read_bytes()), START)
    plugins = Plugins((start.plugin, *start.extensions))
    task = plugins.own("tasks", start.name)
    device = f"cuda:{local_rank()}" if start.device == "cuda" else start.device
    communicator = ProcessGroup(device)
    events = run_train_job(
        from_plain(TrainJob, start.arguments, "train"),
        task,
        plugin_context(start, plugins, task),
        device=device,
        stop=lambda: stop_requested(folder),
        communicator=communicator,
    )
    for event in events:
        if communicator.rank == 0:
            _append(folder / EVENTS, event_to_plain(event))
    communicator.close()


def _append(path: Path, event: Mapping[str, Any]) -> None:
    with path.open("ab") as log:
        log.write(json.dumps(event).encode() + b"\n")


def _write_error(folder: Path, rank: int, reason: str, *, kind: str) -> None:
    table = {"reason": reason, "kind": kind, "time": time.time()}
    write_atomic(error_path(folder, rank), json_bytes(table))
