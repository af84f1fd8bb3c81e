"""Worker processes as the host controls them: started, connected by a socket, and ended."""

import contextlib
import importlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Protocol

from seqstudio.contracts.messages import FROM_WORKER, FrameDecoder, decode, encode
from seqstudio.errors import JobError
from seqstudio.host.confinement.descendants import descendants, kill_all
from seqstudio.host.confinement.policy import Policy
from seqstudio.host.processes import LINUX, resident_bytes, task_count
from seqstudio.host.text_format import printable

ENTRY = "seqstudio.host.worker.main"
BOOTSTRAP = (
    "import json, sys; settings, sys.path[:] = json.loads(sys.argv[1]); "
    "from seqstudio.host.confinement.start import start; start(settings)"
)
NODES = ("NNODES", "NODE_RANK", "MASTER_ADDR", "MASTER_PORT")  # of a training on several machines
INTERFACES = ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME")  # of their connections
LOCALE = ("LANG", "LC_ALL", "LC_CTYPE", "TZ")
CUDA = ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "CUBLAS_WORKSPACE_CONFIG", "LD_LIBRARY_PATH")
ENVIRONMENT = ("HOME", "PATH", *CUDA, *LOCALE, *NODES, *INTERFACES)
TORCH = "PYTORCH_"  # prefix of torch's own settings
SCRATCH = ("TMPDIR", "XDG_CACHE_HOME", "MPLCONFIGDIR")  # a folder of its own
COMPILED = ("NUMBA_CACHE_DIR", "CUDA_CACHE_PATH")
SPINS = "2000"  # of a waiting thread before it sleeps; by default one spins for milliseconds
SEND_TIMEOUT_S = 10.0  # a worker that reads nothing for this time is stuck
RECEIVE_BYTES = 2**18
EXIT_TIMEOUT_S = 2.0
KILL_POLL_S = 0.01
TEXT_FIELDS = ("message", "text", "summary", "reason")  # of messages: shown to users


class MachineLostError(JobError):
    """The machine of a worker is gone, through no fault of what ran there."""


class StoppedError(JobError):
    """No worker can go on with the job now; the same command continues it."""


class Worker(Protocol):
    """One worker at the other end of a socket."""

    def fileno(self) -> int:
        """Return a descriptor that is readable when the worker has sent a message or ended."""

    def send(self, message: object) -> None:
        """Send a message. Raises JobError if the worker does not read it."""

    def receive(self) -> list[Any] | None:
        """Return the messages that arrived, or None if the worker has ended.

        Raises MachineLostError if its machine is gone, StoppedError if the job cannot go on, and
        another JobError if what arrived is not a message.
        """

    def resident_bytes(self) -> int:
        """Return the memory that it uses."""

    def task_count(self) -> int:
        """Return how many processes and threads it has."""

    def end(self) -> str:
        """Close the socket and give the worker time to exit; return how it ended."""

    def kill(self) -> str:
        """Kill it at once, with all its processes; return how it ended."""


class WorkerChannel:
    """The host's end of the socket to a worker."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(SEND_TIMEOUT_S)
        self._socket = connection
        self._frames = FrameDecoder()

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._socket.fileno()

    def send(self, message: object) -> None:
        """Send a message."""
        try:
            self._socket.sendall(encode(message))
        except TimeoutError as error:
            raise JobError(f"the worker took no message for {SEND_TIMEOUT_S:g} s") from error
        except OSError:  # the worker has ended, which `receive` reports with the reason
            return

    def receive(self) -> list[Any] | None:
        """Return the messages that arrived; call when the descriptor is readable."""
        try:
            data = self._socket.recv(RECEIVE_BYTES, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return []
        except OSError:
            return None
        if not data:
            return None
        return [with_printable_text(decode(body, FROM_WORKER)) for body in self._frames.feed(data)]

    def close(self) -> None:
        """Close the socket, at which the worker exits."""
        self._socket.close()


def with_printable_text(message: Any) -> Any:
    """Return a message whose texts can be shown and stored."""
    texts = {
        name: printable(getattr(message, name)) for name in TEXT_FIELDS if hasattr(message, name)
    }
    return replace(message, **texts) if texts else message


class ProcessWorker(WorkerChannel):
    """A worker in its own process, session and process group, confined by a policy.

    On Linux the process that is started here is the worker's guardian (`host/confinement`).
    `on_left_behind` is called with the name of each process that outlived the worker.
    """

    def __init__(
        self,
        paths: Sequence[str],
        log: Path,
        policy: Policy,
        *,
        nice: int,
        threads: int,
        on_left_behind: Callable[[str], object] | None = None,
    ) -> None:
        self._on_left_behind = on_left_behind
        # it stays open until the guardian has left its report there
        self._settings = settings = tempfile.TemporaryFile("w+")  # noqa: SIM115
        ours, theirs = socket.socketpair()
        super().__init__(ours)
        flags = ["-I", "-S", "-B", "-u", "-X", "faulthandler"]
        self._scratch = tempfile.mkdtemp(prefix="tmp-", dir=log.parent)
        compiled = policy.compiled or self._scratch
        policy = replace(policy, write=(*policy.write, self._scratch, compiled))
        try:
            Path(compiled).mkdir(parents=True, exist_ok=True)
            with theirs, log.open("ab") as output:
                json.dump([theirs.fileno(), nice, asdict(policy)], settings)
                settings.flush()
                argument = json.dumps([settings.fileno(), list(paths)])
                self._process = subprocess.Popen(
                    [sys.executable, *flags, "-c", BOOTSTRAP, argument],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    pass_fds=(theirs.fileno(), settings.fileno()),
                    start_new_session=True,
                    env=_environment(threads, self._scratch, compiled),
                    cwd=log.parent,
                )
        except OSError:  # not enough memory, or too many processes
            self.close()
            settings.close()
            shutil.rmtree(self._scratch, ignore_errors=True)
            raise

    def is_alive(self) -> bool:
        """Return whether the process is still running."""
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT  # unreaped, so that its group id stays valid
        return self._process.returncode is None and not os.waitid(
            os.P_PID, self._process.pid, flags
        )

    def resident_bytes(self) -> int:
        """Return the memory that the process and its descendants use."""
        return resident_bytes(self._process.pid)

    def task_count(self) -> int:
        """Return how many processes and threads the worker and its descendants have."""
        return task_count(self._process.pid)

    def end(self) -> str:
        """Close the socket, give the process time to exit, then kill all that is left of it."""
        self.close()
        deadline = time.monotonic() + EXIT_TIMEOUT_S
        while self.is_alive() and time.monotonic() < deadline:
            time.sleep(0.005)
        return self.kill()

    def kill(self) -> str:
        """Kill all its processes, before the worker notices the closed socket and exits itself."""
        if self._process.returncode is None:  # afterwards its id may be another process's
            self._kill_tree()
        self.close()
        code = self._process.wait()
        self._read_report()
        shutil.rmtree(self._scratch, ignore_errors=True)
        if code < 0:
            return f"ended by {signal.Signals(-code).name}"
        return f"exited with status {code}"

    def _read_report(self) -> None:
        """Pass on, once, what the guardian wrote; one that was killed wrote nothing."""
        if self._settings.closed:
            return
        with self._settings as file, contextlib.suppress(ValueError, TypeError, KeyError):
            file.seek(0)
            names = list(map(str, json.load(file)["left_behind"]))
            if report := self._on_left_behind:
                for name in names:
                    report(printable(name))

    def _kill_tree(self) -> None:
        """Kill the descendants; the guardian then ends as the worker did, or is killed too."""
        deadline = time.monotonic() + (EXIT_TIMEOUT_S if LINUX else 0)
        while self.is_alive() and time.monotonic() < deadline:
            kill_all(descendants(self._process.pid))
            time.sleep(KILL_POLL_S)
        if self.is_alive():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)


class ThreadWorker(WorkerChannel):
    """The same loop on a thread of this process: for notebooks and tests. It cannot be killed."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        super().__init__(ours)
        threading.Thread(target=_serve, args=(theirs,), name="worker", daemon=True).start()

    def resident_bytes(self) -> int:
        """Return 0, since its memory is this process's own."""
        return 0

    def task_count(self) -> int:
        """Return 1: its thread."""
        return 1

    def end(self) -> str:
        """Close the socket."""
        return self.kill()

    def kill(self) -> str:
        """Close the socket: the thread stops at its next check."""
        self.close()
        return "was left behind"


def _serve(connection: socket.socket) -> None:
    worker = importlib.import_module(ENTRY)  # by name, so that nothing here imports torch
    with connection:
        worker.serve(connection, on_start=lambda _start: None, on_close=lambda: None)


def _environment(threads: int, scratch: str, compiled: str) -> dict[str, str]:
    """Return a worker's environment: what it needs, and no secrets of the user's shell."""
    names = {*ENVIRONMENT, *(name for name in os.environ if name.startswith(TORCH))}
    kept = {name: os.environ[name] for name in sorted(names) if name in os.environ}
    kept |= {**dict.fromkeys(SCRATCH, scratch), **dict.fromkeys(COMPILED, compiled)}
    # Beside other programs a thread that spins takes the core from the one it waits for.
    kept |= {"GOMP_SPINCOUNT": SPINS}
    return {**kept, "OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
