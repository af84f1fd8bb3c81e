"""A dropped recording is transcribed by the shipped model, corrected, exported and reopened."""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from seqstudio.gui.operations.panel_view import OperationPanel
from seqstudio.gui.recording.export_view import ExportDialog
from seqstudio.gui.recording.recording_view import RecordingView
from seqstudio.gui.recording.word_index import WordPosition
from seqstudio.gui.shell.window_view import Window
from seqstudio.gui.workspace.workspace import Workspace

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier

HOUR_S = 3600.0


def drop(window: Window, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    point, copy = QPoint(500, 300), Qt.DropAction.CopyAction
    QApplication.sendEvent(window, QDragEnterEvent(point, copy, data, LEFT, NONE))
    QApplication.sendEvent(window, QDropEvent(QPointF(point), copy, data, LEFT, NONE))


def words(page: RecordingView) -> list[str]:
    return [word.word for word in page.model.transcript.word_index.between(0, HOUR_S)]


@pytest.mark.medium
def test_a_recording_is_transcribed_corrected_exported_and_reopened(
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
    qtbot.waitUntil(lambda: len(words(page)) > 0)
    recognised = words(page)
    assert recognised[-1] == "TWO"

    last = WordPosition(0, len(recognised) - 1)
    point = page.transcript.word_rect(last).center().toPoint()
    qtbot.mouseClick(page.transcript.viewport(), LEFT, pos=point)
    start_s = page.model.transcript.word(last).start_s
    assert page.model.waveform.playhead_s == pytest.approx(start_s)
    assert page.model.transcript.highlighted == last

    qtbot.keyClick(page.transcript, Qt.Key.Key_F2)
    qtbot.keyClicks(page.transcript.editor, "EIGHT")
    qtbot.keyClick(page.transcript.editor, Qt.Key.Key_Return)
    assert words(page) == [*recognised[:-1], "EIGHT"]
    window.commands.action("session.undo").trigger()
    assert words(page) == recognised
    window.commands.action("session.redo").trigger()

    subtitles = tmp_path / "talk.srt"
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *_: (str(subtitles), "Subtitles (*.srt)")
    )
    window.commands.action("transcript.export").trigger()
    page.findChild(ExportDialog).save()
    qtbot.waitUntil(subtitles.is_file)
    assert subtitles.read_text().rstrip().endswith(" ".join([*recognised[:-1], "EIGHT"]))

    workspace.new_session()
    with qtbot.waitSignal(workspace.session_changed):
        workspace.open_session(tmp_path / "talk.seqstudio")
    kept = workspace.document.clips[0].transcript
    assert kept is not None
    assert kept.text.endswith("EIGHT")
    workspace.select(workspace.document.clips[0].id)
    assert words(page) == [*recognised[:-1], "EIGHT"]
    workspace.undo()
    assert words(page) == recognised
