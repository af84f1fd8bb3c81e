"""Facts about processes and the machine: which processes are alive, CPU count and memory use."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

from seqstudio.host.confinement.descendants import descendants

LINUX = sys.platform == "linux"  # other systems run `ps`, which is slower
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def owner_name(pid: int) -> str:
    """Return a name that is unique to a process: no later process has it, even after a reboot."""
    return f"{pid}:{_start_time(pid)}:{_boot_id()}"


def is_alive(owner: str) -> bool:
    """Whether the process with this `owner_name` is still running."""
    pid = owner.partition(":")[0]
    return pid.isdigit() and _start_time(int(pid)) != "" and owner_name(int(pid)) == owner


def _start_time(pid: int) -> str:
    if LINUX:
        try:
            text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        fields = text.rpartition(")")[2].split()  # skips the name, which may contain anything
        return "" if fields[0] in "ZX" else fields[19]  # zombie or dead; else its start time
    process = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return process.stdout.strip()


def _boot_id() -> str:
    if not LINUX:
        return ""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def usable_cpu_count() -> int:
    """Return the number of CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def machine_memory_bytes() -> int:
    """Return the total memory of this machine, or of the container that we run in."""
    total = os.sysconf("SC_PHYS_PAGES") * PAGE_BYTES
    cgroup_limit = Path("/sys/fs/cgroup/memory.max")
    try:
        text = cgroup_limit.read_text(encoding="ascii").strip()
    except OSError:
        return total
    return min(total, int(text)) if text.isdigit() else total


def resident_bytes(pid: int) -> int:
    """Return the resident memory of a process and its descendants, or 0 if it has ended."""
    if not LINUX:
        process = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        return int(process.stdout.strip() or 0) * 1024
    total = 0
    for one in (pid, *descendants(pid)):
        with contextlib.suppress(OSError, IndexError):  # it has ended
            fields = Path(f"/proc/{one}/statm").read_text(encoding="ascii").split()
            total += int(fields[1]) * PAGE_BYTES
    return total


def cpu_waits_s(pid: int) -> dict[int, float]:
    """Return how long each process below one has waited for a CPU so far; empty if unknown.

    Returns
    -------
    process -> seconds in which its main thread could have run, but others did
    """
    waits = {}
    for one in descendants(pid) if LINUX else ():
        with contextlib.suppress(OSError, IndexError):  # it has ended, or the kernel does not count
            fields = Path(f"/proc/{one}/schedstat").read_text(encoding="ascii").split()
            waits[one] = int(fields[1]) / 1e9
    return waits


def task_count(pid: int) -> int:
    """Return how many processes and threads a process and its descendants have; 0 if unknown."""
    if not LINUX:
        return 0
    count = 0
    for one in (pid, *descendants(pid)):
        with contextlib.suppress(OSError):  # it has ended
            count += sum(1 for _ in Path(f"/proc/{one}/task").iterdir())
    return count
