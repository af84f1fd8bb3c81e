"""A plugin written from the documents alone: installed, trained, run, removed without a trace."""

import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from seqstudio.gui.operations.panel_view import OperationPanel
from seqstudio.gui.shell.window_view import Window

PROJECT = Path(__file__).parents[2] / "plugins" / "dial"
NUMBER = "0791234568"

Cli = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """Return a function that runs the command line on the window's profile."""

    def run(*arguments: object) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "seqstudio", *map(str, arguments)],
            env={**os.environ, "SEQSTUDIO_HOME": str(tmp_path / "profile")},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    return run


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """The wheel that the plugin's author builds."""
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", str(tmp_path)]
    subprocess.run([*command, str(PROJECT)], check=True, capture_output=True)
    (made,) = tmp_path.glob("*.whl")
    return made


def naming(profile: Path, word: str) -> set[str]:
    """Return the files of a profile that name something, without the user's jobs and session."""
    files = {path.relative_to(profile): path for path in profile.rglob("*") if path.is_file()}
    return {
        str(name)
        for name, path in files.items()
        if not name.parts[0].startswith(("jobs", "sessions"))
        and (word in str(name) or word.encode() in path.read_bytes())
    }


@pytest.mark.medium
def test_a_strangers_plugin_trains_and_runs_in_terminal_and_app_and_leaves_no_trace(
    cli: Cli, wheel: Path, request: pytest.FixtureRequest, qtbot: QtBot, tmp_path: Path
) -> None:
    accept = cli("plugins", "install", wheel).stderr.partition("--accept ")[2].split()[0]
    cli("plugins", "install", wheel, "--accept", accept).check_returncode()
    draw = random.Random(0)
    numbers = ["".join(draw.choices("0123456789", k=draw.randint(4, 9))) for _ in range(200)]
    (tmp_path / "numbers.txt").write_text("\n".join(numbers))
    (tmp_path / "number.txt").write_text(NUMBER)
    settings = ("--set", "epochs=4", "--run", "run")
    cli("train", "dial.numbers", "numbers.txt", *settings).check_returncode()
    cli("dial", "play", "number.txt", "--out", "number.wav").check_returncode()
    heard = ("--model", "run", "--out", "heard", "--format", "txt")
    cli("dial", "hear", "number.wav", *heard).check_returncode()

    assert (tmp_path / "heard" / "number.txt").read_text().split() == list(NUMBER)

    cli("models", "import", "run", "--name", "keypad").check_returncode()
    window: Window = request.getfixturevalue("unwatched_window")  # opened after the installation
    workspace = window.workspace
    with qtbot.waitSignal(workspace.changed):
        workspace.import_files([tmp_path / "number.wav"])
    panel = window.findChild(OperationPanel)
    titles = [offer.entry.title for offer in panel.model.operations]
    panel.model.select(titles.index("Hear a number"))
    qtbot.mouseClick(panel.run, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: workspace.document.clips[0].transcript is not None)
    transcript = workspace.document.clips[0].transcript
    assert transcript is not None
    assert transcript.text.split() == list(NUMBER)

    profile = workspace.studio.profile.home
    cli("models", "remove", "keypad").check_returncode()
    assert "plugins.json" in naming(profile, "dial")
    cli("plugins", "uninstall", "dial").check_returncode()
    assert naming(profile, "dial") == set()
    assert "No such command 'dial'" in cli("dial").stderr
