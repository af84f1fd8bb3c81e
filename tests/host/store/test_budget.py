"""Fifty plugins in the store hardly slow down the command line."""

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

import pytest

from seqstudio.contracts.plain import to_plain
from seqstudio.host.catalogue.installed import (
    LIBRARY,
    RECEIPT,
    InstalledVersions,
    version_folder,
    write_installed,
)
from seqstudio.host.profile import Profile
from seqstudio.host.store.install import inspect_source
from seqstudio.services.atomic_files import json_bytes

ROUNDS = 15
MAX_RATIO = 1.3
MAX_LIST_S = 0.5


def fill(profile: Profile, builder: Any, count: int) -> None:
    """Write the files of installed plugins without probing fifty plugins."""
    current = {}
    for number in range(count):
        inspected = inspect_source(builder.plugin(f"n{number}"), Profile(profile.home / "empty"))
        folder = version_folder(profile, inspected.sheet.id, inspected.folder)
        package = folder / LIBRARY / inspected.receipt().package
        package.mkdir(parents=True)
        (folder / RECEIPT).write_bytes(json_bytes(to_plain(inspected.receipt())))
        current[inspected.sheet.id] = inspected.folder
    write_installed(profile, InstalledVersions(current=current))


def seconds(environment: Mapping[str, str], *arguments: str) -> float:
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "seqstudio", *arguments],
        env=environment,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - start


def cpu_seconds(environment: Mapping[str, str]) -> float:
    """Measure the CPU time of a listing, which other processes on the machine do not affect."""

    def used() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    start = used()
    seconds(environment, "plugins", "list")
    return used() - start


@pytest.mark.medium
def test_help_and_listing_with_fifty_plugins(profile: Profile, builder: Any) -> None:
    fill(profile, builder, 50)
    environment = {**os.environ, "SEQSTUDIO_HOME": profile.root}
    none = {**os.environ, "SEQSTUDIO_HOME": str(profile.home / "none")}
    for each in (environment, none):
        seconds(each, "--help")  # fills the catalogue's cache
    shown = subprocess.run(
        [sys.executable, "-m", "seqstudio", "--help"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.count("\n  n") == 50
    pairs = [(seconds(environment, "--help"), seconds(none, "--help")) for _ in range(ROUNDS)]
    with_fifty, with_none = (statistics.median(times) for times in zip(*pairs, strict=True))
    ratio = with_fifty / with_none
    listing = statistics.median(cpu_seconds(environment) for _ in range(5))
    print(f"--help: {ratio:.2f} times; plugins list: {1000 * listing:.0f} ms")

    assert ratio <= MAX_RATIO
    assert listing <= MAX_LIST_S
