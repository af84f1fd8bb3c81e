"""Other systems: without Landlock or namespaces, or in a container that refuses them.

A filter of system calls makes this system one of them (`other_system.py`), as a container's runtime
does; the studio has to find out what holds there, say so, and keep to what it says.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from seqstudio.host.confinement import landlock
from seqstudio.host.store.scaffold import write_plugin
from tests.host.confinement.ordinary_user import NOBODY, packages, python_of_anybody

HERE = Path(__file__).parent
COMMANDS = """
import sys
from pathlib import Path
from seqstudio.cli.main import main
from seqstudio.gui.plugins_and_models.consent import consent_text
from seqstudio.host.profile import Profile
from seqstudio.host.store.store import Store
turner = sys.argv[1]
for command in (["plugins", "list"], ["doctor"], ["plugins", "install", turner]):
    try:
        sys.argv[1:] = command
        main()
    except SystemExit:
        pass
sheet = Store(Profile()).inspect(Path(turner)).sheet
print(*(one.title for one in consent_text(sheet).groups), sep="\\n")
"""
FILES, CALLS = "only declared: files", "only declared: network, processes, ranks"
TEXTS = {
    "no Landlock": f"partly (network, processes, rights, ranks; {FILES})",
    "no namespaces": "partly (files, network, processes, rights; only declared: ranks)",
    "an old container runtime": f"partly (network, processes, rights; {FILES}, ranks)",
    "no seccomp": f"partly (files, rights; {CALLS})",
    "nothing": "declared only",
    "Landlock 1": "enforced",
    "Landlock 2": "enforced",
}
# a user's worker may write the memory of the host, which has no more rights than it; not root's
TEXTS_OF_A_USER = {
    "no Landlock": "partly (network, rights, ranks; only declared: files, processes)",
    "an old container runtime": "partly (network, rights; only declared: files, processes, ranks)",
}
pytestmark = [
    pytest.mark.medium,
    pytest.mark.skipif(landlock.version() < 6, reason="this kernel is such a system itself"),
]


class Other:
    """Runs commands on another system, as one user."""

    def __init__(self, system: str, user: int, python: str, folder: Path) -> None:
        self.system, self.user, self.python, self.folder = system, user, python, folder

    def run(self, *arguments: str | Path) -> str:
        """Run Python with arguments; return all that it printed, spaces once."""
        environment = {**os.environ, "HOME": str(self.folder), "PYTHONPATH": packages()}
        environment |= {"SEQSTUDIO_HOME": str(self.folder / "profile"), "COLUMNS": "200"}
        launcher = [sys.executable, HERE / "other_system.py", self.system, str(self.user)]
        done = subprocess.run(
            [*launcher, self.python, "-B", *arguments],
            env=environment,
            cwd=HERE,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return " ".join(done.stdout.split())


@pytest.fixture(params=["root", "a user"])
def user(request: pytest.FixtureRequest) -> int:
    """Return the id of the user who runs the studio; root is one only where root runs the tests."""
    if os.geteuid() == 0:
        return NOBODY if request.param == "a user" else 0
    if request.param == "root":
        pytest.skip("these tests do not run as root")
    return os.geteuid()


@pytest.fixture(params=TEXTS)
def other(request: pytest.FixtureRequest, user: int) -> Iterator[Other]:
    python = sys.executable if user == os.geteuid() else python_of_anybody(__file__)
    if not python:
        pytest.skip("no Python with these packages and tests that another user may start")
    with tempfile.TemporaryDirectory() as folder:  # pytest's own is closed to others
        os.chown(folder, user, -1)
        yield Other(request.param, user, python, Path(folder))


def test_what_holds_is_found_out_and_said_everywhere(other: Other) -> None:
    text = TEXTS[other.system]
    if other.user:
        text = TEXTS_OF_A_USER.get(other.system, text)
    write_plugin(other.folder / "turner", "turner", "operation")
    printed = other.run("-c", COMMANDS, other.folder / "turner")

    assert f"Limits of plugins: {text} " in printed, printed
    assert f"limits of plugins: {text}; " in printed
    assert f"limits {text} limits it reads" in printed
    assert f"Limits: {text} " in printed


def test_what_is_said_to_be_enforced_is_refused(other: Other) -> None:
    test = f"{HERE}/test_attacks.py::test_what_is_shown_as_enforced_is_refused"
    quiet = ("-q", "-p", "no:cacheprovider", "--basetemp", f"{other.folder}/t")
    printed = other.run("-m", "pytest", *quiet, test)

    assert "1 passed" in printed, printed[-3000:]
