"""A seccomp filter: system calls that a plugin has no use for end with "not permitted".

Source: Linux, Documentation/userspace-api/seccomp_filter.rst; numbers of the calls from
arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
"""

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterator
from dataclasses import dataclass

PR_SET_SECCOMP, FILTER_MODE = 22, 2
LOAD, AND, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_ANY_BIT, RETURN = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06
ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
NUMBER_AT, ARCHITECTURE_AT, ARGUMENTS_AT = 0, 4, 16  # offsets in struct seccomp_data
X32 = 0x40000000  # calls of the x32 interface, which share the architecture of x86-64
CLONE_THREAD = 0x00010000
NEW_NAMESPACES = 0x7E020080  # CLONE_NEW*: mount, cgroup, uts, ipc, user, pid, net, time
AF_UNIX, AF_INET, AF_INET6, AF_NETLINK = 1, 2, 10, 16
SOCK_DGRAM, SOCK_SEQPACKET, SOCK_TYPE = 2, 5, 0xF
O_WRONLY, O_RDWR, O_ACCMODE, O_TRUNC = 1, 2, 3, 0o1000

Numbers = tuple[int | None, int | None]
Line = tuple[int, int, int, int]  # code, jumps if true and if false, operand
PASS: Line = (RETURN, 0, 0, ALLOW)
REFUSED: Line = (RETURN, 0, 0, REFUSE | errno.EPERM)
MISSING: Line = (RETURN, 0, 0, REFUSE | errno.ENOSYS)

# name -> number on x86-64, number on arm64; None: it has none there
CALLS: dict[str, Numbers] = {
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
CONNECT, OPENAT2, TRUNCATE_PATH = (42, 203), (437, 437), (76, 45)
OPENS: tuple[tuple[Numbers, int], ...] = (((2, None), 1), ((257, 56), 2))  # where the flags are


@dataclass(frozen=True, slots=True)
class Machine:
    """An architecture: the kernel's name for it, and the column of its numbers in the tables."""

    audit: int
    column: int


MACHINES = {"x86_64": Machine(0xC000003E, 0), "aarch64": Machine(0xC00000B7, 1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedCalls:
    """What stays allowed of what the filter can refuse."""

    network: bool  # TCP and UDP
    processes: bool  # starting them, and signals to them
    cuda: bool = False  # the sockets that CUDA opens when it starts
    truncation: bool = True  # emptying files that can be read, which Landlock refuses since ABI 3


def restrict_calls(allowed: AllowedCalls) -> None:
    """Install the filter for this thread and all that it will start, for good.

    Raises
    ------
    OSError
        If the kernel has no seccomp, or this architecture is unknown here.
    """
    machine = MACHINES.get(platform.machine())
    if machine is None:
        raise OSError(errno.ENOSYS, f"seccomp: {platform.machine()}, expected {[*MACHINES]}")
    program = assemble(machine, allowed, pid=os.getpid())
    buffer = ctypes.create_string_buffer(program)
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_SECCOMP, FILTER_MODE, ctypes.create_string_buffer(header), 0, 0):
        code = ctypes.get_errno()
        raise OSError(code, f"seccomp: {os.strerror(code)}")


def assemble(machine: Machine, allowed: AllowedCalls, pid: int) -> bytes:
    """Return the program of the filter for the process `pid`."""
    program = [
        (LOAD, 0, 0, ARCHITECTURE_AT),
        (JUMP_EQUAL, 1, 0, machine.audit),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER_AT),
        (JUMP_AT_LEAST, 0, 1, X32),
        REFUSED,
    ]
    for numbers, body in _rules(allowed, pid):
        if (number := numbers[machine.column]) is not None:
            program += [(JUMP_EQUAL, 0, len(body), number), *body]
    program.append(PASS)
    return b"".join(struct.pack("=HBBI", *one) for one in program)


def _rules(allowed: AllowedCalls, pid: int) -> Iterator[tuple[Numbers, list[Line]]]:
    """Yield calls, and what to do at each; every such piece of program ends with a decision."""
    for numbers in CALLS.values():
        yield numbers, [REFUSED]
    yield CLONE3, [MISSING]  # its flags cannot be read; libc uses clone
    yield from _of_sockets(allowed)
    yield from _of_processes(allowed, pid)
    if not allowed.truncation:
        yield from _of_truncation()
    own = [(JUMP_EQUAL, 2, 0, 0), (JUMP_EQUAL, 1, 0, pid)]
    yield PRLIMIT, [_argument(0), *own, REFUSED, PASS]


def _of_sockets(allowed: AllowedCalls) -> Iterator[tuple[Numbers, list[Line]]]:
    """Refuse sockets, but those of the internet if allowed, and those of CUDA.

    libcuda binds an abstract socket of packets, `cuda-uvmfd-...`, and does not start without it;
    NCCL passes memory between ranks by datagrams. Programs that serve others, such as D-Bus and
    X11, listen at streams. A process alone has nothing to connect to.
    """
    body = [_argument(0)]
    for family in (AF_INET, AF_INET6, AF_NETLINK) if allowed.network else ():
        body += [(JUMP_EQUAL, 0, 1, family), PASS]
    if allowed.cuda:
        body += [(JUMP_EQUAL, 1, 0, AF_UNIX), REFUSED, _argument(1), (AND, 0, 0, SOCK_TYPE)]
        for kind in (SOCK_SEQPACKET, SOCK_DGRAM) if allowed.processes else (SOCK_SEQPACKET,):
            body += [(JUMP_EQUAL, 0, 1, kind), PASS]
        if not allowed.network:
            yield CONNECT, [REFUSED]
    yield SOCKET, [*body, REFUSED]


def _of_processes(allowed: AllowedCalls, pid: int) -> Iterator[tuple[Numbers, list[Line]]]:
    namespaces = (JUMP_ANY_BIT, 0, 1, NEW_NAMESPACES), REFUSED
    if allowed.processes:
        yield CLONE, [_argument(0), *namespaces, PASS]
        return
    yield CLONE, [_argument(0), *namespaces, (JUMP_ANY_BIT, 1, 0, CLONE_THREAD), REFUSED, PASS]
    for numbers in (*START.values(), *OTHER_KILLS.values()):
        yield numbers, [REFUSED]
    for numbers in KILLS.values():
        yield numbers, [_argument(0), (JUMP_EQUAL, 1, 0, pid), REFUSED, PASS]


def _of_truncation() -> Iterator[tuple[Numbers, list[Line]]]:
    """Refuse to empty a file by its path, and in opening it for anything but writing."""
    yield TRUNCATE_PATH, [REFUSED]
    yield OPENAT2, [MISSING]  # its flags cannot be read; libc uses openat
    for numbers, index in OPENS:
        writes = [(JUMP_EQUAL, 2, 0, O_WRONLY), (JUMP_EQUAL, 1, 0, O_RDWR)]
        truncates = (JUMP_ANY_BIT, 0, 4, O_TRUNC), (AND, 0, 0, O_ACCMODE)
        yield numbers, [_argument(index), *truncates, *writes, REFUSED, PASS]


def _argument(index: int) -> Line:
    return LOAD, 0, 0, ARGUMENTS_AT + 8 * index  # its lower half, on a little-endian machine
