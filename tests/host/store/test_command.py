"""`seqstudio plugins`, as a person types it."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from seqstudio.host.profile import Profile

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(profile: Profile) -> Run:
    def run_it(*arguments: object) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "seqstudio", *map(str, arguments)],
            env={**os.environ, "SEQSTUDIO_HOME": profile.root},
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    return run_it


def test_a_plugin_is_shown_agreed_to_installed_switched_and_removed(press: Any, run: Run) -> None:
    asks = '[permissions]\ngpu = "faster shouting"\n'
    wheel = press.plugin(manifest=asks + "[[operations]]\nname='shout'\ntitle='Shout'\n")
    asked = run("plugins", "install", wheel)
    (shown,) = re.findall(r"nobody to ask, expected --accept (sha256:[0-9a-f]{64})", asked.stderr)

    assert asked.returncode == 1
    assert re.search(r"asks for +gpu: faster shouting", asked.stdout)
    assert run("plugins", "install", wheel, "--accept", shown).returncode == 0
    assert re.search(r"\nparrot +1\.0 +shout", run("plugins", "list").stdout)
    assert f"sha256        {shown[7:]}" in run("plugins", "show", "parrot").stdout
    assert run("plugins", "disable", "parrot").stdout == "parrot is switched off\n"
    assert "switched off: parrot: by you" in run("plugins", "list").stderr
    assert run("plugins", "enable", "parrot").stdout == "parrot is switched on\n"
    assert "safe mode: only plugins in the box" in run("--safe-mode", "plugins", "list").stderr
    assert run("plugins", "uninstall", "parrot").stdout == "parrot is removed\n"
    assert "No such command 'parrot'" in run("parrot", "shout").stderr


def test_another_hash_than_the_one_shown_installs_nothing(press: Any, run: Run) -> None:
    done = run("plugins", "install", press.plugin(), "--accept", "sha256:00")

    assert done.returncode == 1
    assert "Error: accepted sha256:00, expected sha256:" in done.stderr
