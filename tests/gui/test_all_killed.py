"""After a SIGKILL of the real app, all work is recovered."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from seqstudio.gui.shell.window_view import Window
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.studio import Studio
from seqstudio.session.session import Session

APP = """
import os
import signal
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from seqstudio.gui.shell import start
from seqstudio.gui.operations.panel_view import OperationPanel
from seqstudio.session.edits import EditWord, RenameTake


class BusyWindow(start.Window):
    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.clock = QTimer(self, interval=20)
        self.clock.timeout.connect(self.work)
        self.clock.start()

    def work(self):
        workspace = self.workspace
        if len(workspace.document.clips) < 2 or workspace.background.busy:
            return
        clip, tune = workspace.document.clips[0], workspace.document.takes[0]
        jobs = len(workspace.queue.jobs())
        if jobs < 2:
            workspace.select((clip.id, tune.id)[jobs])
            if panel := self.stack.currentWidget().findChild(OperationPanel):
                panel.model.run()
        elif clip.transcript and len(workspace.document.takes) == 2:
            workspace.do(EditWord(clip.id, 0, 0, "corrected"))
            for name in ("the second half", "a name to undo"):
                workspace.do(RenameTake(workspace.document.takes[1].id, name))
            os.killpg(0, signal.SIGKILL)


start.Window = BusyWindow
start.run([Path(path) for path in sys.argv[1:]])
"""


@pytest.mark.medium
def test_imports_results_and_corrections_are_recovered_and_can_be_undone(
    tmp_path: Path, recording: Path, tune: Path, qtbot: QtBot
) -> None:
    home = tmp_path / "home"
    ended = subprocess.run(
        [sys.executable, "-c", APP, str(recording), str(tune)],
        env={**os.environ, "SEQSTUDIO_HOME": str(home)},
        start_new_session=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL

    studio = Studio(home)
    workspace = Workspace(studio, Session.untitled(studio.profile))
    window = Window(workspace)
    qtbot.addWidget(window)
    window.show()
    wanted = f"Open {recording.stem}"
    page = window.stack.currentWidget()

    def buttons() -> list[QPushButton]:
        return [one for one in page.findChildren(QPushButton) if one.accessibleName() == wanted]

    qtbot.waitUntil(lambda: len(buttons()) == 1)
    with qtbot.waitSignal(workspace.session_changed):
        qtbot.mouseClick(buttons()[0], Qt.MouseButton.LeftButton)

    assert [clip.path for clip in workspace.document.clips] == [recording, tune]
    transcript = workspace.document.clips[0].transcript
    assert transcript
    assert transcript.segments[0].words[0].word == "corrected"
    assert [take.name for take in workspace.document.takes] == [tune.stem, "a name to undo"]
    workspace.select(workspace.document.takes[1].id)
    workspace.undo()
    assert workspace.document.takes[1].name == "the second half"
    workspace.go_to_step(0)
    assert not workspace.document.clips
    workspace.close()
    workspace.deleteLater()
