"""Where these tests run as root, they run once more as a user without any rights."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

NOBODY = 65534
HERE = Path(__file__).parent
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the other tests run as such a user here")


def packages() -> str:
    """Return the folders of the packages of this environment, as PYTHONPATH names them."""
    paths = (path for path in sys.path if path and not path.startswith(sys.base_prefix))
    return os.pathsep.join(paths)


def python_of_anybody() -> str:
    """Return an interpreter of this version that every user may start; "" if there is none.

    It must also find the packages of this environment and read these tests: their folders may be
    closed to others.
    """
    version = tuple(sys.version_info[:2])
    usable = "import sys, pytest, torch, seqstudio.api; open(sys.argv[1]).close(); "
    usable += f"sys.exit(sys.version_info[:2] != {version})"
    environment = {**os.environ, "PYTHONPATH": packages()}
    for python in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        try:
            done = subprocess.run(
                [python, "-c", usable, __file__],
                user=NOBODY,
                env=environment,
                cwd=HERE,
                stderr=subprocess.DEVNULL,
                check=False,
            )
        except OSError:  # not there, or in a folder of root's
            continue
        if done.returncode == 0:
            return python
    return ""


@pytest.mark.medium
@pytest.mark.parametrize("name", ["test_attacks.py", "test_containment.py"])
def test_the_same_holds_for_an_ordinary_user(name: str) -> None:
    if not (python := python_of_anybody()):
        pytest.skip("no Python with these packages and tests that another user may start")
    with tempfile.TemporaryDirectory() as folder:  # pytest's own is closed to others
        os.chown(folder, NOBODY, NOBODY)
        quiet = ("-q", "-p", "no:cacheprovider", "--basetemp", f"{folder}/t")
        tests = subprocess.run(
            [python, "-B", "-m", "pytest", *quiet, HERE / name],
            user=NOBODY,
            group=NOBODY,
            extra_groups=[],
            env={**os.environ, "HOME": folder, "PYTHONPATH": packages()},
            cwd=HERE,
            capture_output=True,
            text=True,
            check=False,
        )

    assert tests.returncode == 0, tests.stdout[-2000:] + tests.stderr[-2000:]
    assert "passed" in tests.stdout
    assert "skipped" not in tests.stdout
