"""Runs a command as a system does that refuses, or lacks, what confines workers.

    python other_system.py SYSTEM USER COMMAND ...

A filter of system calls is installed before the command starts, as by the runtime of a container:
nothing of SeqStudio knows of it. An older Landlock is a real one, too: the kernel's, after it has
said that it is of that version.

Sources: Linux, Documentation/userspace-api/seccomp_filter.rst (with notification), and Docker's
default filter, which refuses namespaces and answers clone3 with "no such call".
"""

import ctypes
import errno
import fcntl
import os
import platform
import select
import socket
import struct
import sys
from dataclasses import dataclass

ALLOW, REFUSE, ASK = 0x7FFF0000, 0x00050000, 0x7FC00000
NO_NEW_PRIVILEGES, FILTER, NEW_LISTENER = 38, 1, 8
RECEIVE, ANSWER = 0xC0502100, 0xC0182101  # ioctl on what is asked
NAMESPACES, SET_SECCOMP, QUERY_VERSION = 0x7E020080, 22, 1

ARM = platform.machine() == "aarch64"
CLONE, CLONE3, UNSHARE, SETNS = (220, 435, 97, 268) if ARM else (56, 435, 272, 308)
PRCTL, SECCOMP, PIDFD_OPEN = (167, 277, 434) if ARM else (157, 317, 434)
LANDLOCK = (444, 445, 446)


@dataclass(frozen=True)
class Rule:
    """What happens at a system call: at each, or if an argument has one of some bits."""

    call: int
    action: int
    argument: int = -1
    bits: int = 0

    def program(self) -> list[tuple[int, int, int, int]]:
        """Return a piece of program that goes on behind its end if the rule does not hold."""
        load, same, any_bit, end = 0x20, 0x15, 0x45, 0x06
        then = [(end, 0, 0, self.action)]
        if self.argument >= 0:
            then = [(load, 0, 0, 16 + 8 * self.argument), (any_bit, 0, 1, self.bits), *then]
        return [(load, 0, 0, 0), (same, 0, len(then), self.call), *then]


def refused(*calls: int, code: int = errno.EPERM) -> list[Rule]:
    return [Rule(call, REFUSE | code) for call in calls]


NO_NAMESPACES = [
    Rule(UNSHARE, REFUSE | errno.EPERM, 0, NAMESPACES),
    Rule(CLONE, REFUSE | errno.EPERM, 0, NAMESPACES),
    *refused(SETNS),
    *refused(CLONE3, code=errno.ENOSYS),
]
NO_LANDLOCK = refused(*LANDLOCK, code=errno.ENOSYS)
NO_SECCOMP = [
    Rule(PRCTL, REFUSE | errno.EINVAL, 0, 16),  # 22 is the only one with this bit that we use
    *refused(SECCOMP, code=errno.ENOSYS),
]
SYSTEMS = {
    "no Landlock": NO_LANDLOCK,
    "no namespaces": NO_NAMESPACES,
    "an old container runtime": refused(*LANDLOCK, PIDFD_OPEN) + NO_NAMESPACES,
    "no seccomp": NO_SECCOMP,
    "nothing": NO_LANDLOCK + NO_NAMESPACES + NO_SECCOMP,
    **{f"Landlock {version}": [Rule(LANDLOCK[0], ASK, 2, QUERY_VERSION)] for version in (1, 2)},
}


def install(rules: list[Rule], flags: int) -> int:
    """Install a filter for this process and all that it starts; return the listener, if any."""
    lines = [line for rule in rules for line in rule.program()] + [(0x06, 0, 0, ALLOW)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *one) for one in lines))
    header = struct.pack("HxxxxxxP", len(lines), ctypes.addressof(program))
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid():  # root may do without, as container runtimes do
        libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    found = libc.syscall(SECCOMP, FILTER, flags, ctypes.create_string_buffer(header))
    if found < 0:
        raise OSError(ctypes.get_errno(), "seccomp")
    return int(found)


def answer(listener: int, version: int, done: int) -> None:
    """Say which version of Landlock there is, until the command has ended."""
    poll = select.poll()
    for descriptor in (listener, done):
        poll.register(descriptor, select.POLLIN)
    while (listener, select.POLLIN) in poll.poll():
        question = bytearray(80)
        fcntl.ioctl(listener, RECEIVE, question)
        (asked,) = struct.unpack_from("=Q", question)
        fcntl.ioctl(listener, ANSWER, struct.pack("=Qqii", asked, version, 0, 0))


def main(system: str, user: int, command: list[str]) -> int:
    rules = SYSTEMS[system]
    asks = any(rule.action == ASK for rule in rules)
    ours, theirs = socket.socketpair()
    if (child := os.fork()) == 0:
        listener = install(rules, NEW_LISTENER if asks else 0)
        if asks:
            socket.send_fds(theirs, [b"x"], [listener])
            os.close(listener)
        if os.geteuid() != user:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
        os.execvp(command[0], command)
    theirs.close()
    if asks:
        _, (listener,), _, _ = socket.recv_fds(ours, 1, 1)
        answer(listener, int(system.rpartition(" ")[2]), os.pidfd_open(child))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
