"""Rights that a process gives up: new privileges, capabilities, and the size of what it makes."""

import ctypes
import os
import resource
import struct

PR_SET_NO_NEW_PRIVS, PR_CAPBSET_DROP, PR_SET_CHILD_SUBREAPER = 38, 24, 36
CAPABILITY_VERSION = 0x20080522
LAST_CAPABILITY = 63  # those that the kernel does not know are refused, which does no harm
DAC_OVERRIDE = 1  # root keeps it: it reads the files of other users, as far as they are allowed


def set_no_new_privileges() -> None:
    """Give up privileges of programs that are started; seccomp and Landlock require it."""
    _prctl(PR_SET_NO_NEW_PRIVS, 1)


def adopt_orphans() -> None:
    """Become the parent of all descendants whose parent ends."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def drop_capabilities() -> None:
    """Give up the rights of root, except the one to read files of other users."""
    for capability in range(LAST_CAPABILITY + 1):
        if capability != DAC_OVERRIDE:
            _prctl(PR_CAPBSET_DROP, capability)
    kept = 1 << DAC_OVERRIDE if os.geteuid() == 0 else 0
    header = struct.pack("=Ii", CAPABILITY_VERSION, 0)
    data = struct.pack("=6I", kept, kept, 0, 0, 0, 0)
    ctypes.CDLL(None).capset(header, data)


def limit_resources(*, file_bytes: int, open_files: int, tasks: int) -> None:
    """Limit the size of files, open files, and processes; no file is left after a crash."""
    for kind, wanted in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_NOFILE, open_files),
        (resource.RLIMIT_NPROC, tasks),
    ):
        soft, hard = resource.getrlimit(kind)
        # the shell's soft limit of open files is low; one of file sizes is meant
        known = (soft, hard) if kind == resource.RLIMIT_FSIZE else (hard,)
        limit = min([wanted, *(one for one in known if one != resource.RLIM_INFINITY)])
        resource.setrlimit(kind, (limit, limit))


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
