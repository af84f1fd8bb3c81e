"""What holds: a process confines itself and tries what is forbidden."""

import ctypes
import json
import os
import resource
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from seqstudio.host.confinement.confine import confine
from seqstudio.host.confinement.policy import Policy

SEIZE = 0x4206  # of ptrace: attach without stopping it
GET_NO_NEW_PRIVS = 39


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Which limits a confined process could not break."""

    files: bool = False  # reading and writing elsewhere
    network: bool = False  # TCP, UDP and sockets of other programs
    processes: bool = False  # signals to others, tracing them, starting more
    rights: bool = False  # privileges, and size limits

    @property
    def count(self) -> int:
        """How many of the four hold."""
        return sum((self.files, self.network, self.processes, self.rights))


def try_limits(folder: str, parent: int) -> Held:
    """Try to break every limit; `folder` and the process `parent` are outside of them."""
    return Held(
        files=_refused(partial(os.listdir, folder))
        and _refused(partial(os.mkdir, f"{folder}/seqstudio-trial")),
        network=all(
            _refused(partial(_open_socket, family, kind))
            for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX)
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)
        ),
        processes=_refused(lambda: os.kill(parent, 0))
        and _refused(lambda: _ptrace(parent))
        and _refused(_fork),
        rights=_no_new_privileges() and _limits_files(),
    )


def _refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def _open_socket(family: int, kind: int) -> None:
    socket.socket(family, kind).close()


def _ptrace(process: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(SEIZE, process, 0, 0):
        raise OSError(ctypes.get_errno(), "ptrace")


def _fork() -> None:
    if (child := os.fork()) == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _no_new_privileges() -> bool:
    return bool(ctypes.CDLL(None).prctl(GET_NO_NEW_PRIVS, 0, 0, 0, 0))


def _limits_files() -> bool:
    return resource.getrlimit(resource.RLIMIT_FSIZE)[1] != resource.RLIM_INFINITY


def main(layers: list[str]) -> None:
    """Confine this process with some layers, and print what holds as a JSON object."""
    parent = os.getppid()
    confine(Policy(layers=tuple(layers)))  # type: ignore[arg-type]  # names from our own caller
    held = try_limits("/var", parent)
    sys.stdout.write(json.dumps({name: getattr(held, name) for name in Held.__slots__}))
