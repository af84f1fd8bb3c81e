"""What the system says of processes: who lives, since when, and how much memory they hold."""

import os
import subprocess
import sys
from pathlib import Path

LINUX = sys.platform == "linux"  # elsewhere `ps` is asked, which is slower
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def owner_name(pid: int) -> str:
    """Name a process so that no later one, nor one after a reboot, has the same name."""
    return f"{pid}:{_start_time(pid)}:{_boot()}"


def is_alive(owner: str) -> bool:
    """Say whether the process of an `owner_name` still runs."""
    pid = owner.partition(":")[0]
    return pid.isdigit() and _start_time(int(pid)) != "" and owner_name(int(pid)) == owner


def _start_time(pid: int) -> str:
    if LINUX:
        try:
            text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        fields = text.rpartition(")")[2].split()  # the name, which may hold anything, is before it
        return "" if fields[0] in "ZX" else fields[19]
    found = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return found.stdout.strip()


def _boot() -> str:
    if not LINUX:
        return ""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def processors() -> int:
    """Count the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # macOS has none
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def machine_memory_bytes() -> int:
    """Give the memory that this machine, or the container around us, has in all."""
    total = os.sysconf("SC_PHYS_PAGES") * PAGE_BYTES
    group = Path("/sys/fs/cgroup/memory.max")
    try:
        text = group.read_text(encoding="ascii").strip()
    except OSError:
        return total
    return min(total, int(text)) if text.isdigit() else total


def resident_bytes(pid: int) -> int:
    """Give the memory that a process and its descendants hold now; 0 where it is gone."""
    if not LINUX:
        found = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        return int(found.stdout.strip() or 0) * 1024
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
        children = [
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text(encoding="ascii").split()
        ]
    except (OSError, IndexError):
        return 0
    return pages * PAGE_BYTES + sum(resident_bytes(child) for child in children)
