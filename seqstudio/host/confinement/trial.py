"""What holds: a process confines itself and tries what is forbidden."""

import ctypes
import json
import os
import resource
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from seqstudio.host.confinement.confine import confine
from seqstudio.host.confinement.policy import Layer, Policy

SEIZE = 0x4206  # of ptrace: attach without stopping it
GET_NO_NEW_PRIVS = 39
NETWORK = "/proc/self/ns/net"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Which limits a confined process could not break."""

    files: bool = False  # reading and writing elsewhere
    network: bool = False  # TCP, UDP and sockets of other programs
    processes: bool = False  # signals to others, tracing them, starting more
    rights: bool = False  # privileges, and size limits
    ranks: bool = False  # of a training: a connection to anything but each other


def try_limits(folder: str, shown: str, parent: int) -> Held:
    """Try to break every limit that holds for one process.

    Parameters
    ----------
    folder : it may not be used
    shown : a file in it that may only be read
    parent : a process outside of the limits
    """
    attempts: tuple[Callable[[], object], ...] = (
        partial(os.listdir, folder),
        partial(os.mkdir, f"{folder}/made"),
        partial(os.open, shown, os.O_RDWR),
        partial(os.open, shown, os.O_RDONLY | os.O_TRUNC),
        partial(os.truncate, shown, 0),
    )
    return Held(
        files=all(map(_refused, attempts)),
        network=all(
            _refused(partial(_open_socket, family, kind))
            for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX)
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)
        ),
        processes=_refused(lambda: os.kill(parent, 0))
        and _refused(lambda: _ptrace(parent))
        and _refused(partial(os.open, f"/proc/{parent}/mem", os.O_RDWR))
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


def _fork(work: Callable[[], bool] = bool) -> bool:
    """Do some work in another process; return whether it went well."""
    if (child := os.fork()) == 0:
        os._exit(not work())
    return os.waitpid(child, 0)[1] == 0


def _ranks_are_alone(layers: list[Layer]) -> bool:
    before = os.stat(NETWORK).st_ino  # noqa: PTH116 - without pathlib
    confine(Policy(layers=tuple(layers), processes=True, ranks=True))
    local = partial(_open_socket, socket.AF_UNIX, socket.SOCK_STREAM)
    return os.stat(NETWORK).st_ino != before and _refused(local)  # noqa: PTH116 - without pathlib


def _no_new_privileges() -> bool:
    return bool(ctypes.CDLL(None).prctl(GET_NO_NEW_PRIVS, 0, 0, 0, 0))


def _limits_files() -> bool:
    return resource.getrlimit(resource.RLIMIT_FSIZE)[1] != resource.RLIM_INFINITY


def main(layers: list[Layer], shown: str) -> None:
    """Confine this process with some layers, and print what holds as a JSON object.

    Parameters
    ----------
    shown : a file that may be read, in a folder that may not
    """
    parent, ranks = os.getppid(), _fork(partial(_ranks_are_alone, layers))
    confine(Policy(layers=tuple(layers), read=(shown,)))
    held = replace(try_limits(os.path.dirname(shown), shown, parent), ranks=ranks)  # noqa: PTH120 - without pathlib
    sys.stdout.write(json.dumps({name: getattr(held, name) for name in Held.__slots__}))
