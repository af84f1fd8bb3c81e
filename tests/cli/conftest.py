"""The echo plugin of the tests, and the command line in a real process."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

PLUGIN = Path(__file__).parents[1] / "plugins" / "echo"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def environment(tmp_path: Path) -> Mapping[str, str]:
    """Environment variables with a fresh profile and the test plugin on the path."""
    return {
        **os.environ,
        "SEQSTUDIO_HOME": str(tmp_path / "profile"),
        "PYTHONPATH": str(PLUGIN),
        "COLUMNS": "100",
    }


@pytest.fixture
def run(environment: Mapping[str, str], tmp_path: Path) -> Run:
    """Run `seqstudio ARGUMENTS...` in a real process, in an empty folder."""

    def run_command(*arguments: object) -> subprocess.CompletedProcess[str]:
        folder = tmp_path / "work"
        folder.mkdir(exist_ok=True)
        return subprocess.run(
            [sys.executable, "-m", "seqstudio", *map(str, arguments)],
            env=environment,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    return run_command
