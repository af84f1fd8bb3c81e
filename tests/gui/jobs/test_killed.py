"""The queue survives the app, also a SIGKILL, with a real process."""

import os
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.studio import Studio
from seqstudio.session.session import Session

APP = """
import sys
import time
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.gui.shell.window_view import Window
from seqstudio.session.session import Session
from seqstudio.host.studio import JobSpec, Studio

home, folder, tune = map(Path, sys.argv[1:])
app = QApplication([])
studio = Studio(home)
workspace = Workspace(studio, Session.create(folder / "work.seqstudio"))
window = Window(workspace)
window.show()


def echo(name):
    spec = JobSpec(plugin="parrot", name="echo", inputs={"words": (folder / f"{name}.txt",)})
    return workspace.submit(spec, f"Echo {name}", ())


def begin():
    spec = JobSpec(
        plugin="music", name="continue", inputs={"primer": (tune,)}, options={"bars": 2},
        formats=("mid",), seed=3,
    )
    workspace.submit(spec, "Continue greensleeves", ("",))
    for name in ("slow", "b", "c"):
        echo(name)
    workspace.queue.move_up(4)


def check():
    job = workspace.queue.jobs()[0]
    if job.text == "slow..." and not workspace.background.busy and workspace.document.takes:
        print("now", flush=True)


workspace.queue.changed.connect(check)
QTimer.singleShot(0, begin)

def close():
    if workspace.queue.jobs()[0].text == "slow...":
        began = time.monotonic()
        window.close()
        print("closed in", time.monotonic() - began)


if home.name == "close":
    workspace.queue.changed.connect(close)
sys.exit(app.exec())
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("slow", "b", "c"):
        (tmp_path / f"{name}.txt").write_text(name)
    return tmp_path


def start(home: Path, folder: Path, tune: Path) -> "subprocess.Popen[str]":
    site = Path(__file__).parents[2] / "plugins" / "parrot"
    return subprocess.Popen(
        [sys.executable, "-c", APP, str(home), str(folder), str(tune)],
        env={**os.environ, "PYTHONPATH": str(site)},
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.medium
def test_after_sigkill_the_queue_its_order_and_the_takes_are_unchanged(
    parrot_studio: Studio, folder: Path, tune: Path, qtbot: QtBot
) -> None:
    home = parrot_studio.profile.home
    with start(home, folder, tune) as app:
        assert app.stdout is not None
        assert app.stdout.readline() == "now\n"
        app.send_signal(signal.SIGKILL)
        assert app.wait() == -signal.SIGKILL
    workspace = Workspace(Studio(home), Session.open(folder / "work.seqstudio"))
    began = datetime.fromtimestamp(workspace.studio.jobs.get(1).created)
    assert [take.name for take in workspace.document.takes] == ["Continue greensleeves 1"]
    assert [(job.title, job.state_text) for job in workspace.queue.jobs()] == [
        ("Echo c", "Waiting, queue paused"),
        ("Echo b", "Waiting, queue paused"),
        ("Echo slow", "Interrupted"),
        ("Continue greensleeves", f"Done, {began:%Y-%m-%d %H:%M}"),
    ]
    (folder / "slow.txt").write_text("quick")
    workspace.queue.resume(2)
    qtbot.waitUntil(lambda: [job.state for job in workspace.queue.jobs()] == ["done"] * 4)
    assert workspace.queue.items(2)[0].outputs[0].read_text() == "quickquick"
    workspace.close()
    workspace.deleteLater()


@pytest.mark.medium
def test_the_window_closes_quickly_while_jobs_run_and_leaves_them_interrupted(
    parrot_studio: Studio, folder: Path, tune: Path, tmp_path: Path
) -> None:
    home = tmp_path / "close"
    with start(home, folder, tune) as app:
        assert app.wait(60) == 0
        assert app.stdout is not None
        (line,) = [one for one in app.stdout if one.startswith("closed in")]
    assert float(line.split()[-1]) < 5
    jobs = Studio(home).jobs
    assert jobs.get(2).state == "interrupted"
    assert [row.id for row in jobs.queue()] == [4, 3]
