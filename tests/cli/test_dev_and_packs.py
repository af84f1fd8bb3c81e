"""`plugins dev`, `plugins pack` and shelves, as an author types them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from seqstudio.host.store.scaffold import write_plugin

LIMIT_S = 300.0


@pytest.fixture
def environment(tmp_path: Path) -> Mapping[str, str]:
    return {**os.environ, "SEQSTUDIO_HOME": str(tmp_path / "home")}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_plugin(tmp_path / "parrot", "parrot", "operation")
    (tmp_path / "poem.txt").write_text("one two\n")
    return tmp_path / "parrot"


def seqstudio(
    *arguments: object, environment: Mapping[str, str], text: str = ""
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "seqstudio", *map(str, arguments)],
        env=environment,
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )


def wait_for(path: Path, text: str) -> None:
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        if path.exists() and path.read_text() == text:
            return
        time.sleep(0.1)
    pytest.fail(f"{path}: not {text!r} within {LIMIT_S:g} s")


@pytest.mark.medium
def test_dev_runs_the_command_again_after_each_save(
    project: Path, environment: Mapping[str, str], tmp_path: Path
) -> None:
    command = ["parrot", "reverse", str(tmp_path / "poem.txt"), "--out", str(tmp_path / "out.txt")]
    code = project / "src/seqstudio_parrot/__init__.py"
    with subprocess.Popen(
        [sys.executable, "-m", "seqstudio", "plugins", "dev", str(project), "--", *command],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            wait_for(tmp_path / "out.txt", "two one\n")
            text = code.read_text()
            code.write_text(text.replace("reversed(line.split())", "line.upper().split()"))
            wait_for(tmp_path / "out.txt", "ONE TWO\n")
        finally:
            process.send_signal(signal.SIGINT)

    listed = seqstudio("plugins", "list", environment=environment).stdout
    assert "parrot" not in listed


@pytest.mark.medium
def test_here_stops_at_a_breakpoint_of_the_author(
    project: Path, environment: Mapping[str, str], tmp_path: Path
) -> None:
    code = project / "src/seqstudio_parrot/__init__.py"
    code.write_text(
        code.read_text().replace("reversed_lines = []", "reversed_lines = []; breakpoint()")
    )
    done = seqstudio(
        *("plugins", "dev", "--here", project, "--", "parrot", "reverse", tmp_path / "poem.txt"),
        *("--out", tmp_path / "out.txt"),
        environment=environment,
        text="p len(lines)\ncontinue\n",
    )

    assert done.returncode == 0, done.stderr
    assert "(Pdb) 1\n" in done.stdout
    assert (tmp_path / "out.txt").read_text() == "two one\n"


@pytest.mark.medium
def test_a_pack_goes_over_a_shelf_into_another_profile(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    shelf, project = tmp_path / "stick", tmp_path / "parrot"
    write_plugin(project, "parrot", "exporter")  # no check measures how fast it stops
    packed = seqstudio("plugins", "pack", project, "--shelf", shelf, environment=environment)
    assert packed.returncode == 0, packed.stderr
    listed = seqstudio("plugins", "list", "--shelf", shelf, environment=environment).stdout
    assert "parrot  0.1.0" in listed
    assert " 0 fail" in listed

    asked = seqstudio("plugins", "install", "parrot", "--shelf", shelf, environment=environment)
    accept = asked.stderr.partition("--accept ")[2].split()[0]
    command = ("plugins", "install", "parrot", "--shelf", shelf, "--accept", accept)
    installed = seqstudio(*command, environment=environment)
    assert installed.stdout.endswith(
        "installed parrot 0.1.0; see `seqstudio parrot --help` for its operations\n"
    )
