"""The files of the system that every worker needs: libraries, devices, facts about the machine."""

import glob
import os
import sys
from collections.abc import Iterable, Iterator

LIBRARIES = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/opt/cuda", "/nix/store")
SETTINGS = (
    *("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime"),
    *("/etc/timezone", "/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/etc/hosts"),
    *("/etc/os-release", "/etc/mime.types", "/etc/alternatives", "/etc/locale.alias"),
)
NETWORK_SETTINGS = ("/etc/resolv.conf", "/etc/host.conf", "/etc/gai.conf", "/etc/services",
                    "/etc/ssl", "/etc/pki", "/etc/ca-certificates")  # fmt: skip
# of other processes the kernel shows their names, not their environment or memory
MACHINE = (
    *("/proc", "/sys/devices", "/sys/bus", "/sys/class", "/sys/module", "/sys/kernel/mm"),
    *("/sys/dev", "/sys/fs/cgroup"),
)
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
# of CUDA: a graphics card, a part of one (MIG), a machine among several, Jetson, WSL; and of ROCm
GPU_DEVICES = (
    *("/dev/nvidia[0-9]*", "/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-caps/*"),
    *("/dev/nvidia-caps-imex-channels/*", "/dev/nvhost-*", "/dev/nvmap", "/dev/nvgpu/*/*"),
    *("/dev/dxg", "/dev/kfd", "/dev/dri/renderD*"),
)


def python_paths() -> tuple[str, ...]:
    """Return the folders of Python itself."""
    return tuple(
        dict.fromkeys((sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix))
    )


def matching(patterns: Iterable[str]) -> list[str]:
    """Return the files of this machine that match one of some patterns."""
    return [path for pattern in patterns for path in glob.glob(pattern)]  # noqa: PTH207 - a worker starts in 30 ms, without pathlib


def without(paths: Iterable[str], hidden: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return what to read of some folders so that others inside them stay hidden.

    Returns
    -------
    the files and folders to read, and the folders of which only the names may be read
    """
    concealed = {os.path.realpath(path) for path in hidden}
    read: list[str] = []
    listed: list[str] = []
    for path in paths:
        for found, whole in _cover(os.path.realpath(path), concealed):
            (read if whole else listed).append(found)
    return read, listed


def _cover(path: str, hidden: set[str]) -> Iterator[tuple[str, bool]]:
    inside = [one for one in hidden if one == path or one.startswith(f"{path.rstrip('/')}/")]
    if not inside:
        yield path, True
    elif path not in hidden:
        yield path, False
        for entry in os.scandir(path):
            yield from _cover(os.path.realpath(entry.path), hidden)
