"""From a dropped recording to corrected subtitles, with the shipped model, and all of it kept."""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from seqstudio.gui.operations.panel_view import OperationPanel
from seqstudio.gui.recording.recording_view import RecordingView
from seqstudio.gui.recording.timeline import Place
from seqstudio.gui.shell.window import Window
from seqstudio.gui.workspace.workspace import Workspace

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier

HOUR_S = 3600.0


def drop(window: Window, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    where, copy = QPoint(500, 300), Qt.DropAction.CopyAction
    QApplication.sendEvent(window, QDragEnterEvent(where, copy, data, LEFT, NONE))
    QApplication.sendEvent(window, QDropEvent(QPointF(where), copy, data, LEFT, NONE))


def words(page: RecordingView) -> list[str]:
    return [word.word for word in page.model.transcript.timeline.between(0, HOUR_S)]


@pytest.mark.medium
def test_a_recording_is_transcribed_corrected_exported_and_found_again(
    window: Window,
    workspace: Workspace,
    qtbot: QtBot,
    tmp_path: Path,
    recording: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    workspace.save_as(tmp_path / "talk.seqstudio")
    drop(window, recording)
    qtbot.waitUntil(lambda: isinstance(window.stack.currentWidget(), RecordingView))
    page = window.stack.currentWidget()
    assert isinstance(page, RecordingView)
    panel = page.findChild(OperationPanel)
    qtbot.waitUntil(panel.run.isEnabled)
    qtbot.mouseClick(panel.run, LEFT)
    qtbot.waitUntil(lambda: len(words(page)) > 0, timeout=60_000)
    heard = words(page)
    assert heard[-1] == "TWO"

    last = Place(0, len(heard) - 1)
    where = page.transcript.rectangle(last).center().toPoint()
    qtbot.mouseClick(page.transcript.viewport(), LEFT, pos=where)
    begins = page.model.transcript.word(last).start_s
    assert page.model.wave.playhead_s == pytest.approx(begins)
    assert page.model.transcript.lit == last

    qtbot.keyClick(page.transcript, Qt.Key.Key_F2)
    qtbot.keyClicks(page.transcript.editor, "EIGHT")
    qtbot.keyClick(page.transcript.editor, Qt.Key.Key_Return)
    assert words(page) == [*heard[:-1], "EIGHT"]
    window.commands.action("session.undo").trigger()
    assert words(page) == heard
    window.commands.action("session.redo").trigger()

    subtitles = tmp_path / "talk.srt"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(subtitles), ""))
    window.commands.action("transcript.export").trigger()
    qtbot.waitUntil(subtitles.is_file)
    assert subtitles.read_text().rstrip().endswith(" ".join([*heard[:-1], "EIGHT"]))

    workspace.new_session()
    with qtbot.waitSignal(workspace.session_changed):
        workspace.open_session(tmp_path / "talk.seqstudio")
    kept = workspace.document.clips[0].transcript
    assert kept is not None
    assert kept.text.endswith("EIGHT")
    workspace.choose(workspace.document.clips[0].id)
    assert words(page) == [*heard[:-1], "EIGHT"]
    workspace.undo()
    assert words(page) == heard
