"""Files of a recording: what cannot be read, what has moved, what is dropped on its page."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from recording_page import LEFT, sample_transcript, word_centre, words_of

from seqstudio.gui.recording.recording_view import RecordingView
from seqstudio.gui.recording.word_index import WordPosition
from seqstudio.gui.shell.window_view import Window
from seqstudio.media.subtitles import to_json
from seqstudio.session.document import Clip
from seqstudio.session.edits import AddClip
from seqstudio.session.relink import PAGE_MARK


def drop(page: QWidget, path: Path) -> None:
    """Drop a file; Qt passes what the page does not accept on to the window."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    point, action = QPoint(9, 9), Qt.DropAction.CopyAction
    enter = QDragEnterEvent(point, action, data, LEFT, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(page, enter)
    assert enter.isAccepted()
    dropped = QDropEvent(QPointF(point), action, data, LEFT, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(page, dropped)


def test_a_failed_export_is_reported(page: RecordingView, qtbot: QtBot, tmp_path: Path) -> None:
    page.model.export(tmp_path / "nowhere" / "words.srt")
    qtbot.waitUntil(lambda: "nowhere" in page.banner.text)
    page.model.export(tmp_path / "words.doc")
    qtbot.waitUntil(lambda: "suffix '.doc', expected one of: .txt" in page.banner.text)


def test_a_page_holds_the_sound_of_its_recording(
    page: RecordingView, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "words.html"
    page.model.export(path)
    qtbot.waitUntil(path.exists)

    assert 'src="data:audio/mpeg;base64,' in path.read_text(encoding="utf-8")


def test_a_dropped_transcript_of_the_same_name_is_imported(
    page: RecordingView, qtbot: QtBot, tmp_path: Path, recording: Path
) -> None:
    other = replace(sample_transcript(), segments=(), text="RUBOUT")
    path = tmp_path / f"{recording.stem}.json"
    path.write_text(to_json(other))

    drop(page, path)
    qtbot.waitUntil(lambda: words_of(page) == "RUBOUT")
    page.model.workspace.undo()
    assert words_of(page) == "Z E O TWO"


def test_another_dropped_transcript_becomes_a_clip(
    page: RecordingView, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "another.json").write_text(to_json(sample_transcript()))
    drop(page, tmp_path / "another.json")

    workspace = page.model.workspace
    qtbot.waitUntil(lambda: len(workspace.document.clips) == 2)
    assert words_of(page) == "Z E O TWO"
    workspace.select(workspace.document.clips[1].id)
    assert not page.waveform.isVisible()
    qtbot.mouseClick(page.transcript.viewport(), LEFT, pos=word_centre(page, WordPosition(0, 2)))
    assert page.model.transcript.current == WordPosition(0, 2)


@pytest.mark.medium
def test_an_unreadable_recording_is_reported_and_the_page_still_works(
    page: RecordingView, window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    noise = tmp_path / "noise.wav"
    noise.write_bytes(b"RIFF" + os.urandom(400))
    first = window.workspace.selected_id
    window.workspace.import_files([noise])
    qtbot.waitUntil(lambda: len(window.workspace.document.clips) == 2)
    window.workspace.select(window.workspace.document.clips[1].id)
    qtbot.waitUntil(lambda: "noise.wav: " in page.banner.text)
    assert "expected" in page.banner.text

    window.workspace.select(first)
    assert page.banner.text == ""
    assert page.model.waveform.duration_s == pytest.approx(1.5)


def test_a_moved_recording_is_drawn_once_it_is_found(
    window: Window, qtbot: QtBot, tmp_path: Path, recording: Path
) -> None:
    path = tmp_path / "here.flac"
    path.write_bytes(recording.read_bytes())
    clip = Clip.of(path)
    (tmp_path / "new").mkdir()
    path.rename(tmp_path / "new" / "there.flac")
    window.workspace.do(AddClip(clip))
    window.workspace.select(clip.id)
    page = window.stack.currentWidget()
    assert isinstance(page, RecordingView)
    qtbot.waitUntil(lambda: page.model.waveform_message.startswith("The file of this recording"))
    assert page.banner.text == ""  # the window reports it, and offers to look for it
    qtbot.waitUntil(lambda: bool(window.missing.clips))

    window.missing.find(tmp_path / "new")
    qtbot.waitUntil(lambda: page.model.waveform.duration_s > 1)
    assert page.model.waveform_message == ""


@pytest.mark.parametrize("name", ["notes.txt", "table.csv"])
def test_a_text_file_or_a_table_is_shown(
    name: str, window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / name).write_text("Zwölf Boxkämpfer\njagen")
    window.workspace.import_files([tmp_path / name])
    qtbot.waitUntil(lambda: isinstance(window.stack.currentWidget(), RecordingView))
    page = window.stack.currentWidget()
    assert isinstance(page, RecordingView)
    qtbot.waitUntil(lambda: page.text.toPlainText() == "Zwölf Boxkämpfer\njagen")
    assert not page.waveform.isVisible()


def test_a_text_shows_the_coloured_page_that_its_operation_wrote(
    page: RecordingView, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("red")
    (tmp_path / "mine.html").write_text("<b>not ours</b>")
    (tmp_path / "labels.txt").write_text("red")
    coloured = f'{PAGE_MARK.decode()}<span style="background: #ff0000">red</span>'
    (tmp_path / "labels.html").write_text(coloured)
    for name in ("mine", "labels"):
        clip = Clip.of(tmp_path / f"{name}.txt")
        page.model.workspace.do(AddClip(clip))
        page.model.workspace.select(clip.id)
        qtbot.waitUntil(lambda: page.model.text == "red")
        assert page.page.isVisibleTo(page) == (name == "labels")
    assert "background-color:#ff0000" in page.page.toHtml()
