"""Run the suite in an isolated process, with an empty home, current folder and profile."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from seqstudio.contracts.plain import from_plain
from seqstudio.errors import PluginError
from seqstudio.host.catalogue.catalogue import search_path
from seqstudio.host.catalogue.installed import (
    InstalledVersions,
    read_installed,
    version_folder,
    write_installed,
)
from seqstudio.host.conformance.check import Check
from seqstudio.host.profile import Profile
from seqstudio.services.atomic_files import os_errors_as


def ignore_start(_process: "subprocess.Popen[str]") -> None:
    """Do nothing with the process of the suite."""


def verify(
    subject: str,
    *,
    store: Profile | None = None,
    on_start: Callable[["subprocess.Popen[str]"], None] = ignore_start,
) -> Iterator[Check]:
    """Run the suite and yield each check when it is done.

    Parameters
    ----------
    subject : a wheel, a folder of wheels, a project, or the id of an installed plugin
    store : the profile whose store may have the plugin; without it, only pip's plugins are found
    on_start : called with the process, which may be killed to stop the suite

    Raises
    ------
    PluginError
        If the suite itself ends early; the text has its last line.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        scratch = Path(folder)
        for name in ("home", "current", "tmp"):
            (scratch / name).mkdir()
        changed = {"HOME": "home", "TMPDIR": "tmp", "SEQSTUDIO_HOME": "profile"}
        environment = {**os.environ, **{key: str(scratch / name) for key, name in changed.items()}}
        environment["PYTHONPATH"] = os.pathsep.join(search_path())
        if Path(subject).exists():
            subject = str(Path(subject).absolute())
        elif store:
            copy_plugin(subject, store, Profile(scratch / "profile"))
        process = subprocess.Popen(
            [sys.executable, "-m", "seqstudio.host.conformance", subject, folder],
            cwd=scratch / "current",
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with process:
            assert process.stdout is not None
            assert process.stderr is not None
            on_start(process)
            for line in process.stdout:
                yield from_plain(Check, json.loads(line), "check", error=PluginError)
            last = process.stderr.read().strip().rpartition("\n")[2]
        if process.returncode:
            raise PluginError(f"{subject}: the suite ended early: {last}")


def copy_plugin(plugin: str, store: Profile, other: Profile) -> None:
    """Copy an installed plugin from one profile's store to an empty one."""
    if version := read_installed(store).current.get(plugin):
        folder = version_folder(store, plugin, version)
        with os_errors_as(PluginError, folder):
            shutil.copytree(folder, version_folder(other, plugin, version))
        write_installed(other, InstalledVersions(current={plugin: version}))
