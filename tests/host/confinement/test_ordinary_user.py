"""Where these tests run as root, they run once more as a user without any rights."""

import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.host.confinement.ordinary_user import NOBODY, packages, python_of_anybody

HERE = Path(__file__).parent
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the other tests run as such a user here")


@pytest.mark.medium
@pytest.mark.parametrize("name", ["test_attacks.py", "test_containment.py"])
def test_the_same_holds_for_an_ordinary_user(name: str) -> None:
    if not (python := python_of_anybody(__file__)):
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
