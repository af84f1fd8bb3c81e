"""The app as a process: screenshots, one-line errors, and what it imports before it paints."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from seqstudio.session.edits import RenameSession
from seqstudio.session.session import Session


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Environment variables without any display, and with a profile of their own."""
    gone = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    kept = {name: value for name, value in os.environ.items() if name not in gone}
    return {**kept, "SEQSTUDIO_HOME": str(tmp_path / "profile")}


def app(environment: dict[str, str], *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "seqstudio", "app", *map(str, arguments)]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def error_line(result: subprocess.CompletedProcess[str]) -> str:
    """Check that a run failed with one line, and return the line."""
    assert result.returncode == 1, result.stderr
    (line,) = result.stderr.splitlines()
    return line


@pytest.mark.medium
def test_without_a_display_the_error_is_one_line(environment: dict[str, str]) -> None:
    assert error_line(app(environment)) == (
        "Error: app: no display, expected a desktop (DISPLAY or WAYLAND_DISPLAY);"
        " --screenshot needs none"
    )


@pytest.mark.medium
def test_with_a_display_that_does_not_answer_the_error_is_one_line_and_no_core_dump(
    environment: dict[str, str],
) -> None:
    line = error_line(app({**environment, "DISPLAY": ":7654"}))
    assert line.startswith("Error: app: ")
    assert line.endswith("expected a desktop (DISPLAY or WAYLAND_DISPLAY); --screenshot needs none")


@pytest.mark.medium
def test_a_screenshot_needs_no_display_and_shows_the_loaded_files(
    environment: dict[str, str], tmp_path: Path, recording: Path, tune: Path
) -> None:
    picture = tmp_path / "window.png"
    result = app(environment, recording, tune, "--theme", "dark", "--screenshot", picture)
    image = QImage(str(picture))

    assert (result.returncode, result.stderr) == (0, "")
    assert (image.width(), image.height()) == (1280, 800)
    assert image.pixelColor(2, 2).lightness() < 100
    assert not list((tmp_path / "profile" / "sessions").iterdir())


@pytest.mark.parametrize("name", ["window.txt", "nowhere/window.png"])
@pytest.mark.medium
def test_a_screenshot_that_cannot_be_written_is_a_one_line_error(
    environment: dict[str, str], tmp_path: Path, name: str
) -> None:
    target = tmp_path / name
    assert error_line(app(environment, "--screenshot", target)) == (
        f"Error: {target}: cannot be written, expected a .png in a folder of yours"
    )


@pytest.mark.medium
def test_two_sessions_a_locked_one_and_a_missing_one_are_one_line_errors(
    environment: dict[str, str], tmp_path: Path
) -> None:
    held, other = tmp_path / "held.seqstudio", tmp_path / "other.seqstudio"
    picture = tmp_path / "window.png"
    with Session.create(held) as session:
        line = error_line(app(environment, held, "--screenshot", picture))
        assert line.startswith(f"Error: {session.path} is open in process {os.getpid()}")
    assert error_line(app(environment, held, other, "--screenshot", picture)) == (
        f"Error: {other}: a second session, expected one at most"
    )
    assert error_line(app(environment, other, "--screenshot", picture)) == (
        f"Error: {other}: no such file, expected a session"
    )
    assert not picture.exists()


@pytest.mark.medium
def test_a_screenshot_leaves_its_session_unchanged(
    environment: dict[str, str], tmp_path: Path
) -> None:
    album = tmp_path / "album.seqstudio"
    with Session.create(album) as session:
        session.do(RenameSession("Album"))
    assert app(environment, album, "--screenshot", tmp_path / "a.png").returncode == 0
    with Session.open(album) as session:
        assert session.document.title == "Album"


FIRST_PAINT = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtGui import QPaintEvent
from seqstudio.gui.shell import start

class Watched(start.Window):
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        roots = {name.partition(".")[0] for name in sys.modules}
        print(*sorted(roots & set(sys.argv[1:])))
        QTimer.singleShot(0, self.close)

start.Window = Watched
start.run([])
"""
HEAVY = (
    "torch",
    "torchaudio",
    "llvmlite",
    "librosa",
    "numpy",
    "soundfile",
    "pyqtgraph",
    "PIL",
    "pluggy",
)
PLUGINS = ("seqstudio_speech", "seqstudio_music")


@pytest.mark.medium
def test_before_the_first_paint_nothing_heavy_and_no_plugin_is_imported(
    environment: dict[str, str],
) -> None:
    result = subprocess.run(
        [sys.executable, "-c", FIRST_PAINT, *HEAVY, *PLUGINS],
        env={**environment, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.split("\n")[0] == ""
