"""A network of a process's own, with nothing else on it, for training in several processes."""

import contextlib
import ctypes
import fcntl
import os
import socket
import struct

NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000
GET_FLAGS, SET_FLAGS, UP = 0x8913, 0x8914, 0x1
INTERFACE = b"lo"


def own_network() -> bool:
    """Move to a new network that has loopback only; return whether the system allowed it.

    It needs a namespace of users too, unless this is root.
    """
    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(NEW_NETWORK):
        if libc.unshare(NEW_USER | NEW_NETWORK):
            return False
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{user} {user} 1"),
            ("gid_map", f"{group} {group} 1"),
        ):
            with contextlib.suppress(OSError), open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123 - without pathlib
                file.write(text)
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = fcntl.ioctl(control, GET_FLAGS, struct.pack("16sH14x", INTERFACE, 0))
        (flags,) = struct.unpack_from("16xH", request)
        fcntl.ioctl(control, SET_FLAGS, struct.pack("16sH14x", INTERFACE, flags | UP))
    return True
