"""A training in several processes, as its worker supervises it: start, relay, pause, stop, end."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqstudio.contracts.messages import Start
from seqstudio.contracts.plain import to_plain
from seqstudio.errors import ConfigError, TrainingError
from seqstudio.host.processes import is_alive, usable_cpu_count
from seqstudio.host.worker.channel import HostChannel
from seqstudio.host.worker.nodes import Nodes, read_nodes
from seqstudio.host.worker.rank import BUG, EVENTS, PAUSE, START, STOP
from seqstudio.host.worker.torchrun import FAILURES, FLAGS
from seqstudio.services.atomic_files import json_bytes
from seqstudio.services.events import Event, event_from_plain

POLL_S = 0.05
STOP_TIMEOUT_S = 4.0  # from a stop request, in which the ranks save, until they are killed
KILL_TIMEOUT_S = 5.0
BOOTSTRAP = (
    "import json, sys; folder, parent, options, sys.path[:] = json.loads(sys.argv[1]); "
    "from seqstudio.host.worker.torchrun import main; main(folder, parent, options)"
)


def train_in_processes(
    start: Start, folder: Path, host: HostChannel, *, processes: int
) -> Iterator[Event]:
    """Train by torchrun with `processes` ranks on this machine, yielding the events of rank 0.

    However this ends, no rank is running afterwards.

    Parameters
    ----------
    start : the job; its device is cpu or cuda
    folder : for the files of the processes
    host : asked for pauses and cancellation
    processes : on this machine

    Raises
    ------
    ConfigError
        If there is not one device for each rank, or a variable of torchrun is out of range.
    TrainingError
        If a rank fails or is killed; the text names it and its reason.
    """
    check_devices(start.device, processes)
    nodes = read_nodes(os.environ)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / START).write_bytes(json_bytes(to_plain(start)))
    supervisor = _start_torchrun(folder, nodes, processes)
    try:
        yield from _Relay(folder, host, supervisor).events()
    finally:
        supervisor.kill()
        supervisor.wait()
        kill_ranks(folder)


def check_devices(device: str, processes: int) -> None:
    """Check that each process can have a device of its own; on a CPU they share the cores.

    Raises
    ------
    ConfigError
        If not.
    """
    if device == "cpu":
        return
    if device != "cuda":
        raise ConfigError(f"device={device!r} for {processes} processes, expected cpu or cuda")
    import torch

    if processes > (count := torch.cuda.device_count()):
        raise ConfigError(f"processes={processes}, expected at most {count}, one for each GPU")


def kill_ranks(folder: Path) -> None:
    """Kill the process groups of all ranks that are still running, and wait for their end."""
    owners = [path.read_text(encoding="ascii") for path in folder.glob("rank-*.owner")]
    deadline = time.monotonic() + KILL_TIMEOUT_S
    for owner in owners:
        if is_alive(owner):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(int(owner.partition(":")[0]), signal.SIGKILL)
    while any(map(is_alive, owners)) and time.monotonic() < deadline:
        time.sleep(POLL_S)


def _start_torchrun(folder: Path, nodes: Nodes, processes: int) -> "subprocess.Popen[bytes]":
    options = [
        *nodes.options(),
        f"--nproc-per-node={processes}",
        "--max-restarts=0",
        f"--log-dir={folder / 'torchrun'}",
    ]
    argument = json.dumps([str(folder), os.getpid(), options, sys.path])
    threads = str(max(1, usable_cpu_count() // processes))
    environment = {
        **os.environ,
        **nodes.environment(),
        "OMP_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        "TORCHELASTIC_SIGNALS_TO_HANDLE": "SIGTERM",
    }
    return subprocess.Popen(
        [sys.executable, *FLAGS, "-c", BOOTSTRAP, argument],
        stdin=subprocess.DEVNULL,
        env=environment,
    )


class _Relay:
    """Passes requests of the host to the ranks, and events of rank 0 to the host."""

    def __init__(
        self, folder: Path, host: HostChannel, supervisor: "subprocess.Popen[bytes]"
    ) -> None:
        self._folder = folder
        self._host = host
        self._supervisor = supervisor
        self._read_bytes = 0  # of the events
        self._stop_before = float("inf")

    def events(self) -> Iterator[Event]:
        """Yield events until all ranks have ended, or a stop has taken too long."""
        ended = False
        while not ended and time.monotonic() < self._stop_before:
            ended = self._supervisor.poll() is not None  # before reading: it writes no more
            yield from self._new_events()
            self._pass_requests()
            if not ended:
                time.sleep(POLL_S)
        if ended and self._supervisor.returncode and not self._host.is_cancelled:
            raise TrainingError(failure_reason(self._folder, self._supervisor.returncode))

    def _new_events(self) -> Iterator[Event]:
        with contextlib.suppress(FileNotFoundError), (self._folder / EVENTS).open("rb") as log:
            log.seek(self._read_bytes)
            for line in log:
                if not line.endswith(b"\n"):
                    return  # the rest is not written yet
                self._read_bytes += len(line)
                yield event_from_plain(json.loads(line), EVENTS)

    def _pass_requests(self) -> None:
        if self._host.is_cancelled and self._stop_before == float("inf"):
            (self._folder / STOP).touch()
            self._stop_before = time.monotonic() + STOP_TIMEOUT_S
        if self._host.is_paused:
            (self._folder / PAUSE).touch()
        else:
            (self._folder / PAUSE).unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class RankError:
    """Why a rank failed, as it wrote itself."""

    rank: int
    reason: str
    kind: str  # the name of the error's class; BUG for one that users cannot fix
    time: float


def failure_reason(folder: Path, status: int) -> str:
    """Return why a training failed: which process was killed or hit a bug, or what is to be fixed.

    What a rank says itself comes before a kill, since torchrun ends the others by one, and that
    before a connection which the others have lost. An error that users can fix is shown as in one
    process: it is not a matter of the rank that met it first.

    Parameters
    ----------
    folder : of the training's processes
    status : exit status of torchrun, or minus the signal that ended it
    """
    errors = sorted(_rank_errors(folder), key=lambda one: one.time)
    for one in errors:
        if one.kind != "LostProcessError":
            return f"process {one.rank}: {one.reason}" if one.kind == BUG else one.reason
    path = folder / FAILURES
    ended: Mapping[str, Any] = json.loads(path.read_bytes()) if path.exists() else {}
    for rank, how in ended.items():
        if how.startswith("SIG") and how != "SIGTERM":
            return f"process {rank} was ended by {how}"
    if errors:
        return f"process {errors[0].rank}: {errors[0].reason}"
    if status < 0:
        return f"torchrun was ended by {signal.Signals(-status).name}"
    return f"torchrun exited with status {status}; its processes: {dict(ended)}"


def _rank_errors(folder: Path) -> Iterator[RankError]:
    for path in folder.glob("rank-*.error.json"):
        rank = int(path.name.removeprefix("rank-").partition(".")[0])
        yield RankError(rank=rank, **json.loads(path.read_bytes()))
