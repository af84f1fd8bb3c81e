"""Confine this process, layer by layer; a layer that the kernel does not offer is left out."""

import contextlib
import os
import sys
from dataclasses import replace

from seqstudio.host.confinement import landlock
from seqstudio.host.confinement.loopback import own_network
from seqstudio.host.confinement.paths import (
    DEVICES,
    LIBRARIES,
    MACHINE,
    NETWORK_SETTINGS,
    SETTINGS,
    matching,
    python_paths,
    without,
)
from seqstudio.host.confinement.policy import Policy
from seqstudio.host.confinement.refusals import Allowed
from seqstudio.host.confinement.rights import (
    drop_capabilities,
    limit_resources,
    set_no_new_privileges,
)
from seqstudio.host.confinement.seccomp import AllowedCalls, restrict_calls


def confine(policy: Policy) -> Allowed:
    """Limit this process, and all that it will start, for good. It must have one thread.

    What holds afterwards depends on the kernel; `trial` finds it out.

    Returns
    -------
    what stays allowed, of the layers that could be used

    Raises
    ------
    OSError
        If the kernel has Landlock and does not take a rule: nothing may run then.
    """
    if sys.platform != "linux":
        return Allowed()
    # processes reach each other by TCP on a network of their own; where there can be none, the
    # ranks of a training, which need TCP, keep that of the machine: the trial says so
    network = policy.network or policy.ranks
    if policy.processes and not policy.network and "calls" in policy.layers:
        network = own_network() or policy.ranks
    gpus = matching(policy.devices)
    set_no_new_privileges()
    if "limits" in policy.layers:
        tasks = 0 if os.geteuid() == 0 else count_tasks(os.geteuid())
        limit_resources(
            file_bytes=policy.file_bytes, open_files=policy.open_files, tasks=tasks + policy.tasks
        )
        drop_capabilities()
    allowed = Allowed()
    if "files" in policy.layers and landlock.version():  # without Landlock the trial says so
        allowed = _restrict_files(policy, gpus, network=network)
    if "calls" in policy.layers:
        with contextlib.suppress(OSError):  # no seccomp: the trial says so
            restrict_calls(
                AllowedCalls(
                    network=network,
                    processes=policy.processes,
                    cuda=bool(gpus),
                    truncation=allowed.read is None or landlock.refuses_truncation(),
                )
            )
            allowed = replace(allowed, network=network, processes=policy.processes)
    return allowed


def _restrict_files(policy: Policy, gpus: list[str], *, network: bool) -> Allowed:
    system = (*LIBRARIES, *SETTINGS, *MACHINE, *python_paths())
    system += NETWORK_SETTINGS if policy.network else ()
    read, listed = without(policy.read, policy.hidden)
    read = [*system, *read]
    listed = [*listed, *policy.list_only]
    shared = ("/dev/shm",) if policy.processes else ()
    write = (*policy.write, *shared)
    devices = [*DEVICES, *gpus]
    ruleset = landlock.Ruleset(tcp=network)
    ruleset.allow(read, landlock.READ)
    ruleset.allow(listed, landlock.READ_DIR)
    ruleset.allow(devices, landlock.DEVICE)
    ruleset.allow(write, landlock.WRITE)
    ruleset.enforce()
    writable = {os.path.realpath(path) for path in (*write, *devices)}
    return Allowed(read={os.path.realpath(path) for path in read}, write=writable, listed={*listed})


def count_tasks(user: int) -> int:
    """Return how many processes and threads a user has."""
    count = 0
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):  # it has just ended
                if entry.stat().st_uid == user:
                    count += len(os.listdir(f"{entry.path}/task"))  # noqa: PTH208 - without pathlib
    return count
