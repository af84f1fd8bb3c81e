"""The commands in `docs/write-a-plugin.md` work in the order of the page."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "write-a-plugin.md"


@pytest.mark.medium
def test_every_command_of_the_page_works_in_order(tmp_path: Path) -> None:
    environment = {**os.environ, "SEQSTUDIO_HOME": str(tmp_path / "profile")}
    work = tmp_path / "work"
    work.mkdir()
    (work / "lines.txt").write_text("the cat sat\na dog ran\n" * 12)

    def seqstudio(line: str, *more: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "seqstudio", *shlex.split(line)[1:], *more]
        return subprocess.run(
            command, cwd=work, env=environment, capture_output=True, text=True, check=False
        )

    fences = re.findall(
        r"^```(?:sh|bash)\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    for line in "".join(fences).splitlines():
        done = seqstudio(line)
        if line.startswith("seqstudio plugins install"):
            (shown,) = re.findall(r"expected --accept (sha256:[0-9a-f]{64})", done.stderr)
            done = seqstudio(line, "--accept", shown)
        assert done.returncode == 0, (line, done.stderr)

    assert (work / "line.txt").stat().st_size > 0
    assert not (tmp_path / "profile" / "plugins").exists()
