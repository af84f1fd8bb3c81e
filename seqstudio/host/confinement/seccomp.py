"""A seccomp filter: system calls that a plugin has no use for end with "not permitted".

Source: Linux, Documentation/userspace-api/seccomp_filter.rst; numbers of the calls from
arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
"""

import ctypes
import errno
import os
import platform
import struct
from dataclasses import dataclass

PR_SET_SECCOMP, FILTER_MODE = 22, 2
LOAD, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
NUMBER_AT, ARCHITECTURE_AT, ARGUMENTS_AT = 0, 4, 16  # offsets in struct seccomp_data
X32 = 0x40000000  # calls of the x32 interface, which share the architecture of x86-64
CLONE_THREAD = 0x00010000
NEW_NAMESPACES = 0x7E020080  # CLONE_NEW*: mount, cgroup, uts, ipc, user, pid, net, time
AF_INET, AF_INET6, AF_NETLINK = 2, 10, 16

# name -> number on x86-64, number on arm64; None: it has none there
CALLS: dict[str, tuple[int | None, int | None]] = {
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "process_madvise": (440, 440), "kcmp": (312, 272), "pidfd_getfd": (438, 438),
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "move_mount": (429, 429), "open_tree": (428, 428), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433),
    "mount_setattr": (442, 442), "unshare": (272, 97), "setns": (308, 268),
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "reboot": (169, 142),
    "swapon": (167, 224), "swapoff": (168, 225), "syslog": (103, 116), "acct": (163, 89),
    "quotactl": (179, 60), "settimeofday": (164, 170), "clock_settime": (227, 112),
    "clock_adjtime": (305, 266), "adjtimex": (159, 171), "sethostname": (170, 161),
    "setdomainname": (171, 162), "iopl": (172, None), "ioperm": (173, None),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "fanotify_init": (300, 262), "mknod": (133, None), "mknodat": (259, 33),
}  # fmt: skip
START = {"fork": (57, None), "vfork": (58, None)}
KILLS = {"kill": (62, 129), "tgkill": (234, 131)}
OTHER_KILLS = {
    "tkill": (200, 130), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424),
}  # fmt: skip
CLONE, CLONE3, SOCKET, PRLIMIT = (56, 220), (435, 435), (41, 198), (302, 261)


@dataclass(frozen=True, slots=True)
class Machine:
    """An architecture: the kernel's name for it, and the column of its numbers in the tables."""

    audit: int
    column: int


MACHINES = {"x86_64": Machine(0xC000003E, 0), "aarch64": Machine(0xC00000B7, 1)}


def restrict_calls(*, network: bool, processes: bool) -> None:
    """Install the filter for this thread and all that it will start, for good.

    Parameters
    ----------
    network : connections by TCP and UDP stay allowed
    processes : starting processes, and signals to them, stay allowed

    Raises
    ------
    OSError
        If the kernel has no seccomp, or this architecture is unknown here.
    """
    machine = MACHINES.get(platform.machine())
    if machine is None:
        raise OSError(errno.ENOSYS, f"seccomp: {platform.machine()}, expected {[*MACHINES]}")
    program = assemble(machine, network=network, processes=processes, pid=os.getpid())
    buffer = ctypes.create_string_buffer(program)
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_SECCOMP, FILTER_MODE, ctypes.create_string_buffer(header), 0, 0):
        code = ctypes.get_errno()
        raise OSError(code, f"seccomp: {os.strerror(code)}")


def assemble(machine: Machine, *, network: bool, processes: bool, pid: int) -> bytes:
    """Return the program of the filter."""
    refuse = RETURN, 0, 0, REFUSE | errno.EPERM
    program = [
        (LOAD, 0, 0, ARCHITECTURE_AT),
        (JUMP_EQUAL, 1, 0, machine.audit),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER_AT),
        (JUMP_AT_LEAST, 0, 1, X32),
        refuse,
    ]

    def on(numbers: tuple[int | None, int | None], *body: tuple[int, int, int, int]) -> None:
        if (number := numbers[machine.column]) is not None:
            program.extend([(JUMP_EQUAL, 0, len(body), number), *body])

    def argument(index: int) -> tuple[int, int, int, int]:
        return LOAD, 0, 0, ARGUMENTS_AT + 8 * index  # its lower half, on a little-endian machine

    allow = RETURN, 0, 0, ALLOW
    for numbers in CALLS.values():
        on(numbers, refuse)
    on(CLONE3, (RETURN, 0, 0, REFUSE | errno.ENOSYS))  # its flags cannot be read; libc uses clone
    families = (AF_INET, AF_INET6, AF_NETLINK) if network else ()
    checks = [(JUMP_EQUAL, len(families) - at, 0, one) for at, one in enumerate(families)]
    on(SOCKET, argument(0), *checks, refuse, allow)
    namespaces = (JUMP_ANY_BIT, 0, 1, NEW_NAMESPACES), refuse
    if processes:
        on(CLONE, argument(0), *namespaces, allow)
    else:
        on(CLONE, argument(0), *namespaces, (JUMP_ANY_BIT, 1, 0, CLONE_THREAD), refuse, allow)
        for numbers in (*START.values(), *OTHER_KILLS.values()):
            on(numbers, refuse)
        for numbers in KILLS.values():
            on(numbers, argument(0), (JUMP_EQUAL, 1, 0, pid), refuse, allow)
    on(PRLIMIT, argument(0), (JUMP_EQUAL, 2, 0, 0), (JUMP_EQUAL, 1, 0, pid), refuse, allow)
    program.append(allow)
    return b"".join(struct.pack("=HBBI", *one) for one in program)
