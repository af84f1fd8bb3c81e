"""`seqstudio plugins`, run as a command."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seqstudio.host.profile import Profile

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(profile: Profile) -> Run:
    def run_command(*arguments: object) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "seqstudio", *map(str, arguments)],
            env={**os.environ, "SEQSTUDIO_HOME": profile.root},
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    return run_command


@pytest.mark.medium
def test_a_plugin_is_shown_installed_switched_off_and_on_and_removed(
    builder: Any, run: Run
) -> None:
    permissions = '[permissions]\ngpu = "faster shouting"\n'
    wheel = builder.plugin(manifest=permissions + "[[operations]]\nname='shout'\ntitle='Shout'\n")
    asked = run("plugins", "install", wheel)
    (shown,) = re.findall(
        r"no terminal to ask for consent, expected --accept (sha256:[0-9a-f]{64})", asked.stderr
    )

    assert asked.returncode == 1
    assert re.search(r"asks for +gpu: faster shouting", asked.stdout)
    assert run("plugins", "install", wheel, "--accept", shown).returncode == 0
    assert re.search(r"\nparrot +1\.0 .* on +shout", run("plugins", "list").stdout)
    assert f"sha256        {shown[7:]}" in run("plugins", "show", "parrot").stdout
    assert run("plugins", "disable", "parrot").stdout == "parrot is switched off\n"
    assert "switched off: parrot: by you" in run("plugins", "list").stderr
    assert re.search(r"\nparrot +1\.0 .* off +shout", run("plugins", "list").stdout)
    off = run("parrot", "shout")
    assert off.returncode == 1
    assert "`seqstudio plugins enable parrot` switches it on" in off.stderr
    assert run("plugins", "enable", "parrot").stdout == "parrot is switched on\n"
    assert "safe mode: only built-in plugins" in run("--safe-mode", "plugins", "list").stderr
    safe = run("--safe-mode", "parrot", "shout").stderr
    assert "only built-in plugins; start without --safe-mode to use it" in safe
    assert run("plugins", "uninstall", "parrot").stdout == (
        "parrot is removed, with all that it kept for later jobs\n"
    )
    assert "No such command 'parrot'" in run("parrot", "shout").stderr


@pytest.mark.medium
def test_a_wrong_hash_installs_nothing(builder: Any, run: Run) -> None:
    done = run("plugins", "install", builder.plugin(), "--accept", "sha256:00")

    assert done.returncode == 1
    assert "Error: accepted sha256:00, expected sha256:" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("new", "speech", "--kind", "task"), "speech comes with SeqStudio, expected another name"),
        (("install", "nowhere.whl"), "nowhere.whl: no such file or folder, expected a wheel"),
        (("uninstall", "speech"), "plugin 'speech' is built in, expected one that was installed"),
        (("uninstall", "parrot"), "no plugin 'parrot' was installed here, expected one of: none"),
        (("verify", "parrot"), "no plugin 'parrot', expected one of: forecast, music"),
        (("enable", "parrot"), "no plugin 'parrot', expected one of: forecast, music"),
        (
            ("new", "train"),
            "name 'train', expected lower-case letters, digits and '-'",
        ),
    ],
)
def test_an_error_is_one_line(run: Run, arguments: tuple[str, ...], message: str) -> None:
    done = run("plugins", *arguments)

    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: {message}")
    assert done.stderr.count("\n") == 1


@pytest.mark.medium
def test_an_installed_plugin_is_verified_by_its_id_and_named_with_its_version(
    builder: Any, run: Run
) -> None:
    wheel = builder.plugin()
    shown = re.findall(r"sha256:[0-9a-f]{64}", run("plugins", "install", wheel).stderr)[-1]
    assert run("plugins", "install", wheel, "--accept", shown).returncode == 0
    wheel.unlink()
    assert run("plugins", "disable", "parrot").returncode == 0
    done = run("plugins", "verify", "parrot")
    first, *checks = done.stdout.splitlines()

    assert first == "parrot 1.0 (installed)"
    assert "pass  shout: the same run gives the same bytes" in checks
    # the failed check: the operation decodes any bytes as text
    assert re.fullmatch(r"Error: parrot 1\.0: 1 of \d+ checks failed\n", done.stderr)


@pytest.mark.medium
def test_a_job_that_ends_because_workers_crash_gives_the_reason(
    builder: Any, run: Run, profile: Profile, tmp_path: Path
) -> None:
    code = builder.crashing_plugin()
    shown = re.findall(r"sha256:[0-9a-f]{64}", run("plugins", "install", code).stderr)[-1]
    assert run("plugins", "install", code, "--accept", shown).returncode == 0
    words = tmp_path / "words"
    words.mkdir()
    for name in "abcd":
        (words / f"{name}.txt").write_text(name)
    done = run("parrot", "shout", words, "--out", tmp_path / "out")

    assert done.returncode == 3
    assert "Error: plugin 'parrot' is switched off: 3 of its workers crashed" in done.stderr
    assert "switched off: 3 of its workers crashed" in run("parrot", "shout").stderr
