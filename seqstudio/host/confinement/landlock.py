"""Landlock: a process limits itself to some files, and gives up TCP and signals to others.

The kernel's interface, without a library of C: three system calls with the same numbers on every
architecture. Source: Linux, include/uapi/linux/landlock.h and Documentation/userspace-api/landlock.
"""

import ctypes
import errno
import os
import stat
import struct
from collections.abc import Iterable

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
QUERY_VERSION = 1
PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = (1 << bit for bit in range(4))
REMOVE_DIR, REMOVE_FILE, MAKE_CHAR, MAKE_DIR = (1 << bit for bit in range(4, 8))
MAKE_REG, MAKE_SOCK, MAKE_FIFO, MAKE_BLOCK = (1 << bit for bit in range(8, 12))
MAKE_SYM, REFER, TRUNCATE, IOCTL_DEV = (1 << bit for bit in range(12, 16))
TCP = 0b11  # bind and connect
SCOPES = 0b11  # abstract sockets and signals of processes outside
FILES_BY_VERSION = {1: 13, 2: 14, 3: 15, 5: 16}  # version -> number of rights that it knows
TRUNCATE_VERSION, TCP_VERSION, SCOPE_VERSION = 3, 4, 6

READ = EXECUTE | READ_FILE | READ_DIR
WRITE = (
    READ_FILE | READ_DIR | WRITE_FILE | TRUNCATE | REFER
    | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_SYM
)  # fmt: skip
DEVICE = READ_FILE | WRITE_FILE | IOCTL_DEV
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV  # what a rule on a file may have


def version() -> int:
    """Return the version of Landlock that the kernel offers; 0 if none."""
    return max(0, _syscall(CREATE_RULESET, None, 0, QUERY_VERSION))


def refuses_truncation() -> bool:
    """Return whether files that may only be read cannot be emptied either."""
    return version() >= TRUNCATE_VERSION


class Ruleset:
    """Files that stay allowed. Nothing is restricted until `enforce`.

    Parameters
    ----------
    tcp : whether TCP stays allowed

    Raises
    ------
    OSError
        If the kernel has no Landlock, or it is switched off.
    """

    def __init__(self, *, tcp: bool) -> None:
        self.version = version()
        known = max((bits for v, bits in FILES_BY_VERSION.items() if v <= self.version), default=0)
        self.files = (1 << known) - 1
        attributes = struct.pack("=Q", self.files)
        if self.version >= TCP_VERSION:
            attributes += struct.pack("=Q", 0 if tcp else TCP)
        if self.version >= SCOPE_VERSION:
            attributes += struct.pack("=Q", SCOPES)
        self._descriptor = _checked(
            _syscall(CREATE_RULESET, attributes, len(attributes), 0), "landlock_create_ruleset"
        )

    def allow(self, paths: Iterable[str], rights: int) -> None:
        """Allow rights on files and folders; those that do not exist are skipped."""
        for path in paths:
            try:
                descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
            except OSError:
                continue
            try:
                is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
                allowed = rights & self.files & (-1 if is_folder else OF_FILES)
                if allowed:
                    rule = struct.pack("=Qi", allowed, descriptor)
                    done = _syscall(ADD_RULE, self._descriptor, PATH_BENEATH, rule, 0)
                    _checked(done, f"landlock_add_rule {path}")
            finally:
                os.close(descriptor)

    def enforce(self) -> None:
        """Restrict this thread, and all that it will start, for good."""
        _checked(_syscall(RESTRICT_SELF, self._descriptor, 0), "landlock_restrict_self")
        os.close(self._descriptor)


def _syscall(number: int, *arguments: "int | bytes | None") -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    values = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    return int(libc.syscall(ctypes.c_long(number), *values))


def _checked(result: int, what: str) -> int:
    if result < 0:
        code = ctypes.get_errno() or errno.ENOSYS
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result
