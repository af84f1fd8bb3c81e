"""What a job on a GPU is granted, and one on a CPU is not: shown with stand-ins for device files.

What CUDA needs, from public sources: read, write and ioctl on `/dev/nvidia*` (NVIDIA's container
runtime injects these files; ioctl is a right of its own since Landlock's ABI 5; mmap needs none),
facts in `/proc` and `/sys` (AppArmor's profiles for CUDA), `memfd_create`, and an abstract socket
of packets, `cuda-uvmfd-...`, without which libcuda does not start.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seqstudio.host.catalogue.catalogue import search_path
from seqstudio.host.confinement import landlock
from seqstudio.host.confinement.paths import GPU_DEVICES
from seqstudio.host.jobs.plan import plan_job
from seqstudio.host.runner.grants import policy_of
from seqstudio.host.studio import JobSpec, Studio

OF_CUDA = (
    *("nvidiactl", "nvidia0", "nvidia1", "nvidia-uvm", "nvidia-caps/nvidia-cap1"),
    *("nvidia-caps-imex-channels/channel0", "nvhost-gpu", "nvmap", "dxg"),
)
OF_ROCM = ("kfd", "dri/renderD128")
OTHERS = ("nvidia-uvm-tools", "nvidia-modeset", "dri/card0", "sda", "mem", "shm/of another")
FACTS = (
    *("/proc/devices", "/proc/sys/vm/mmap_min_addr", "/proc/self/maps", "/proc/meminfo"),
    *("/sys/devices/system/memory/block_size_bytes", "/sys/devices/system/cpu/online"),
)
CONFINED = """
import ctypes, fcntl, json, mmap, os, socket, sys
policy, sys.path[:] = json.loads(sys.argv[1])
from seqstudio.host.confinement.confine import confine
from seqstudio.host.confinement.policy import Policy
confine(Policy(**policy))

def outcome(attempt):
    try:
        return attempt() or "works"
    except OSError as error:
        return type(error).__name__

def opened(flags, use=lambda descriptor: None):
    def attempt():
        descriptor = os.open(path, flags)
        try:
            use(descriptor)
        finally:
            os.close(descriptor)
    return attempt

def unix(kind, use):
    def attempt():
        with socket.socket(socket.AF_UNIX, kind) as one:
            use(one)
    return attempt

def listen(one):
    one.bind(f"\\0cuda-uvmfd-{os.getpid()}")
    one.listen()

found = {}
"""


@pytest.fixture
def confined() -> Callable[..., Any]:
    """Return a function that runs code in a process under a policy, and returns its `found`."""

    def run(code: str, **policy: Any) -> Any:
        argument = json.dumps([policy, search_path()])
        script = f"{CONFINED}\n{code}\nprint(json.dumps(found))"
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", script, argument],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return json.loads(done.stdout)

    return run


@pytest.fixture
def patterns(tmp_path: Path) -> tuple[str, ...]:
    """Make a folder of stand-ins; return the patterns of a GPU's devices in it."""
    for name in (*OF_CUDA, *OF_ROCM, *OTHERS):
        path = tmp_path / "dev" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tuple(one.replace("/dev", str(tmp_path / "dev"), 1) for one in GPU_DEVICES)


needs_landlock = pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")


@pytest.mark.parametrize(
    ("device", "granted"), [("cpu", ()), ("cuda", GPU_DEVICES), ("cuda:1", GPU_DEVICES),
                            ("auto", GPU_DEVICES), ("mps", ())]
)  # fmt: skip
def test_the_device_of_a_job_decides(
    shouter: Studio, words: Callable[..., Path], device: str, granted: tuple[str, ...]
) -> None:
    inputs = {"words": (words("a.txt"),)}
    spec = JobSpec(plugin="tiny", name="shout", inputs=inputs, device=device)
    plan = plan_job(spec, shouter.catalogue, shouter.models)
    plan = replace(plan, start=replace(plan.start, folder="/job"))
    policy = policy_of(plan, shouter.catalogue, shouter.profile, (), warm=False)

    assert policy.devices == granted


@needs_landlock
def test_the_device_files_of_a_gpu_and_no_others_can_be_used(
    confined: Callable[..., Any], patterns: tuple[str, ...], tmp_path: Path
) -> None:
    names = {name: str(tmp_path / "dev" / name) for name in (*OF_CUDA, *OF_ROCM, *OTHERS)}
    code = f"for name, path in {names}.items(): found[name] = outcome(opened(os.O_RDWR))"
    on_a_gpu, on_a_cpu = confined(code, devices=patterns), confined(code)

    assert on_a_gpu == {
        **dict.fromkeys((*OF_CUDA, *OF_ROCM), "works"),
        **dict.fromkeys(OTHERS, "PermissionError"),
    }
    assert set(on_a_cpu.values()) == {"PermissionError"}


@pytest.mark.skipif(landlock.version() < 5, reason="this kernel's Landlock has no right of ioctl")
def test_a_device_is_controlled_by_ioctl_only_if_it_is_granted(
    confined: Callable[..., Any], tmp_path: Path
) -> None:
    stand_in = tmp_path / "nvidia0"  # a terminal: a real device that knows calls of its own
    stand_in.symlink_to("/dev/ptmx")
    code = f"path = {str(stand_in)!r}; number = 0x80045430  # TIOCGPTN\n" + (
        "control = lambda descriptor: fcntl.ioctl(descriptor, number, bytes(4))\n"
        "for flags in ('O_RDWR', 'O_RDONLY'):\n"
        "    found[flags] = outcome(opened(getattr(os, flags) | os.O_NOCTTY, control))\n"
    )

    both = {"O_RDWR": "works", "O_RDONLY": "works"}
    neither = dict.fromkeys(both, "PermissionError")
    assert confined(code, layers=()) == both
    assert confined(code, devices=(f"{tmp_path}/nvidia[0-9]*",)) == both
    assert confined(code) == neither
    # a worker of a plugin in the box reads all files, and that is no access to a device
    assert confined(code, read=("/",)) == neither


def test_libcuda_may_open_its_socket_and_reach_nobody_by_it(
    confined: Callable[..., Any], patterns: tuple[str, ...]
) -> None:
    code = """
attempts = {
    "listen": unix(socket.SOCK_SEQPACKET, listen),
    "connect": unix(socket.SOCK_SEQPACKET, lambda one: one.connect("\\0another")),
    "stream": unix(socket.SOCK_STREAM, lambda one: None),
    "datagram": unix(socket.SOCK_DGRAM, lambda one: None),
    "memfd": lambda: os.close(os.memfd_create("cuda")),
    "memory": lambda: mmap.mmap(-1, 4096, mmap.MAP_SHARED).close(),
}
found = {name: outcome(attempt) for name, attempt in attempts.items()}
"""
    free, on_a_gpu, on_a_cpu = (
        confined(code, layers=()),
        confined(code, devices=patterns),
        confined(code),
    )

    refused = ("connect", "stream", "datagram")
    assert free == {**dict.fromkeys(free, "works"), "connect": "ConnectionRefusedError"}
    assert on_a_gpu == {**dict.fromkeys(free, "works"), **dict.fromkeys(refused, "PermissionError")}
    assert on_a_cpu == {**on_a_gpu, "listen": "PermissionError"}


@needs_landlock
def test_the_facts_that_cuda_reads_stay_readable(
    confined: Callable[..., Any], patterns: tuple[str, ...]
) -> None:
    there = [path for path in FACTS if os.access(path, os.R_OK)]
    code = f"for path in {there}: found[path] = outcome(opened(os.O_RDONLY))"

    assert len(there) > 3
    assert confined(code, devices=patterns) == dict.fromkeys(there, "works")
