"""What a confined process asks for and is refused, as far as it asks through Python.

The kernel refuses without telling anybody. An audit hook, which no code can remove, sees most
attempts before they are made, and compares them with the same lists. It refuses nothing itself.
"""

import os
import socket
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass

MAX_REFUSALS = 20  # that one process reports
WRITES = ("os.mkdir", "os.remove", "os.rmdir", "os.truncate", "os.chmod", "os.symlink", "os.rename")
LISTS = ("os.listdir", "os.scandir")
STARTS = ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "os.system")
LOOKUPS = ("ldconfig", "gcc", "cc", "ld", "objdump")  # by ctypes, for a library; it goes on without
INTERNET = (socket.AF_INET, socket.AF_INET6)
WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What is not refused; None where nothing is."""

    read: Collection[str] | None = None
    write: Collection[str] = ()
    listed: Collection[str] = ()
    network: bool = True
    processes: bool = True


class RefusalLog:
    """Passes each refusal on once, as text such as `read ~/.ssh/id_ed25519`."""

    def __init__(self) -> None:
        self._seen: dict[str, None] = {}
        self._receiver: Callable[[str], None] | None = None

    def add(self, text: str) -> None:
        """Take a refusal; drop it if it is known, or there are too many."""
        if text not in self._seen and len(self._seen) < MAX_REFUSALS:
            self._seen[text] = None
            if self._receiver:
                self._receiver(text)

    def connect(self, receiver: Callable[[str], None]) -> None:
        """Pass on those so far, and from now on each at once."""
        self._receiver = receiver
        for text in self._seen:
            receiver(text)


def watch(allowed: Allowed, log: RefusalLog) -> None:
    """Add every attempt to do what is not allowed to the log, from now on."""
    busy = False

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal busy
        if not busy and event in EVENTS:
            busy = True  # what follows may raise events itself
            try:
                if text := refused(event, arguments, allowed):
                    log.add(text)
            finally:
                busy = False

    sys.addaudithook(hook)


EVENTS = frozenset((*WRITES, *LISTS, *STARTS, "open", "socket.__new__", "os.kill"))


def refused(event: str, arguments: tuple[object, ...], allowed: Allowed) -> str:
    """Return what is refused of an audit event, as text; "" if nothing is."""
    first = arguments[0] if arguments else None
    if event in STARTS:
        name = str(first).rpartition("/")[2] if event == "subprocess.Popen" else ""
        quiet = allowed.processes or name in LOOKUPS
        return "" if quiet else f"start another program {name}".rstrip()
    if event == "os.kill":
        return "" if allowed.processes or first == os.getpid() else f"signal process {first}"
    if event == "socket.__new__":
        family = arguments[1] if len(arguments) > 1 else 0
        return "open a connection" if family in INTERNET and not allowed.network else ""
    if allowed.read is None or not isinstance(first, str | bytes | os.PathLike):
        return ""
    path = os.fsdecode(first)
    flags = arguments[2] if event == "open" and len(arguments) > 2 else 0
    writes = event in WRITES or (isinstance(flags, int) and flags & WRITE_FLAGS)
    if event == "open" and not writes and _inside(path, allowed.read):
        return ""  # as for every import: without a look-up
    path = os.path.realpath(path)
    if event in LISTS:
        known = {*allowed.read, *allowed.write, *allowed.listed}
        return "" if _inside(path, known) else f"list {path}"
    if writes:
        return "" if _inside(path, allowed.write) else f"write {path}"
    return "" if _inside(path, {*allowed.read, *allowed.write}) else f"read {path}"


def _inside(path: str, folders: Collection[str]) -> bool:
    while path not in folders:
        parent = path.rpartition("/")[0] or path[:1]
        if parent == path:
            return False
        path = parent
    return True
