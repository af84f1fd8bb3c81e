"""Workers as the host sees them: started apart, heard, watched, and ended when they misbehave."""

import contextlib
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from seqstudio.contracts.messages import FROM_WORKER, Unframer, decode, encode
from seqstudio.errors import JobError
from seqstudio.host.processes import resident_bytes
from seqstudio.host.text_format import readable

ENTRY = "seqstudio.host.worker.main"
BOOTSTRAP = (
    "import json, sys; descriptor, nice, sys.path[:] = json.loads(sys.argv[1]); "
    f"from {ENTRY} import main; main(descriptor, nice)"
)
KEPT = ("HOME", "PATH", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ", "CUDA_VISIBLE_DEVICES")
LOG = "worker.log"  # in the job's folder: all that its workers printed
SEND_S = 10.0  # a worker that takes no bytes for so long is stuck
RECEIVE_BYTES = 2**18
FAREWELL_S = 2.0
TEXTS = ("note", "text", "summary", "reason")  # what a worker says to people


class Worker(Protocol):
    """One worker at the other end of a socket."""

    def fileno(self) -> int:
        """Give the descriptor that becomes readable when the worker speaks, or ends."""

    def send(self, message: object) -> None:
        """Say something. Raises JobError if the worker does not listen."""

    def receive(self) -> list[Any] | None:
        """Give what it said, or None once it is gone. Raises JobError if it talks garbage."""

    def resident_bytes(self) -> int:
        """Give the memory it holds."""

    def end(self) -> str:
        """Hang up, and wait a moment for it to go; give how it ended, in a few words."""

    def kill(self) -> str:
        """End it at once, with all its processes; give how it ended, in a few words."""


class Wire:
    """The host's end of a socketpair."""

    def __init__(self, line: socket.socket) -> None:
        line.settimeout(SEND_S)
        self._socket = line
        self._frames = Unframer()

    def fileno(self) -> int:
        """Give the descriptor to wait for."""
        return self._socket.fileno()

    def send(self, message: object) -> None:
        """Say something."""
        try:
            self._socket.sendall(encode(message))
        except TimeoutError as bad:
            raise JobError(f"the worker took no message for {SEND_S:g} s") from bad
        except OSError:  # it is gone, which `receive` will report with the reason
            return

    def receive(self) -> list[Any] | None:
        """Give what was said; call when the descriptor is readable."""
        try:
            data = self._socket.recv(RECEIVE_BYTES, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return []
        except OSError:
            return None
        if not data:
            return None
        return [in_words(decode(body, FROM_WORKER)) for body in self._frames.feed(data)]

    def close(self) -> None:
        """Hang up, which tells the worker to end."""
        self._socket.close()


def in_words(message: Any) -> Any:
    """Give a message with its texts as they can be shown and written down."""
    texts = {name: readable(getattr(message, name)) for name in TEXTS if hasattr(message, name)}
    return replace(message, **texts) if texts else message


class ProcessWorker(Wire):
    """A worker in its own process, session and process group."""

    def __init__(self, paths: Sequence[str], log: Path, *, nice: int, threads: int) -> None:
        ours, theirs = socket.socketpair()
        super().__init__(ours)
        argument = json.dumps([theirs.fileno(), nice, list(paths)])
        flags = ["-I", "-S", "-u", "-X", "faulthandler"]
        try:
            with theirs, log.open("ab") as output:
                self._process = subprocess.Popen(
                    [sys.executable, *flags, "-c", BOOTSTRAP, argument],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,
                    env=_environment(threads),
                    cwd=log.parent,
                )
        except OSError:  # no memory or no room for another process
            self.close()
            raise

    def is_alive(self) -> bool:
        """Say whether the process has not ended yet."""
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT  # unreaped, its group keeps its number
        return self._process.returncode is None and not os.waitid(
            os.P_PID, self._process.pid, flags
        )

    def resident_bytes(self) -> int:
        """Give the memory that the process and its descendants hold."""
        return resident_bytes(self._process.pid)

    def end(self) -> str:
        """Give a process that hung up a moment to go, then kill its group."""
        self.close()
        deadline = time.monotonic() + FAREWELL_S
        while self.is_alive() and time.monotonic() < deadline:
            time.sleep(0.005)
        return self.kill()

    def kill(self) -> str:
        """Kill the process group, before it could hear that the line closed and leave by itself."""
        if self._process.returncode is None:  # afterwards its number may be another's
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self.close()
        if (code := self._process.wait()) < 0:
            return f"ended by {signal.Signals(-code).name}"
        return f"exited with status {code}"


class ThreadWorker(Wire):
    """The same loop on a thread of this process: for notebooks and tests. It cannot be killed."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        super().__init__(ours)
        threading.Thread(target=_serve, args=(theirs,), name="worker", daemon=True).start()

    def resident_bytes(self) -> int:
        """Give 0: its memory is this process's own."""
        return 0

    def end(self) -> str:
        """Hang up."""
        return self.kill()

    def kill(self) -> str:
        """Hang up: the thread stops at its next check."""
        self.close()
        return "was left behind"


def _serve(line: socket.socket) -> None:
    worker = importlib.import_module(ENTRY)  # by name: nothing here imports what needs torch
    with line:
        worker.serve(line, on_start=lambda _start: None, on_close=lambda: None)


def _environment(threads: int) -> dict[str, str]:
    """Give a worker's environment: what it needs, and no secrets of the person's shell."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
