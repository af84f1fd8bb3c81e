import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QPushButton
from pytestqt.qtbot import QtBot

from seqstudio.gui.shell.collect_view import CollectDialog
from seqstudio.gui.shell.window_view import Window


@pytest.fixture
def moved(window: Window, qtbot: QtBot, tmp_path: Path, recording: Path) -> Path:
    """The new path of a recording that was moved after the session had opened it."""
    before, after = tmp_path / "before" / "talk.flac", tmp_path / "after" / "renamed.flac"
    for path in (before, after):
        path.parent.mkdir()
    shutil.copy(recording, before)
    window.workspace.import_files([before])
    qtbot.waitUntil(lambda: bool(window.workspace.document.clips))
    before.rename(after)
    window.missing.check()
    qtbot.waitUntil(window.missing_banner.isVisible)
    return after


@pytest.mark.medium
def test_a_moved_file_is_reported_and_found_again_by_a_button(
    window: Window, qtbot: QtBot, moved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert window.missing_banner.text.endswith("has moved or changed since it was opened.")
    monkeypatch.setattr(
        QFileDialog, "getExistingDirectory", lambda *_args, **_named: str(moved.parent)
    )
    buttons = window.missing_banner.findChildren(QPushButton)
    find = next(button for button in buttons if button.text() == "Find…")
    qtbot.mouseClick(find, Qt.MouseButton.LeftButton)

    qtbot.waitUntil(lambda: window.workspace.document.clips[0].path == moved)
    qtbot.waitUntil(lambda: not window.missing_banner.isVisible())
    assert window.workspace.undo_title == "Find moved files"


def test_a_folder_without_the_missing_file_is_reported(
    window: Window, qtbot: QtBot, moved: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    with qtbot.waitSignal(window.workspace.failed) as failed:
        window.missing.find(tmp_path / "empty")
    assert failed.args == [f"{tmp_path / 'empty'}: none of the missing files is in it"]


def test_collected_files_are_copied_and_the_session_uses_the_copies(
    window: Window, qtbot: QtBot, tmp_path: Path, recording: Path, tune: Path
) -> None:
    window.workspace.import_files([recording, tune])
    qtbot.waitUntil(lambda: not window.workspace.loading)
    window.missing.collect(tmp_path / "album")
    qtbot.waitUntil(lambda: window.workspace.document.clips[0].path.parent == tmp_path / "album")

    said = window.status_bar.currentMessage
    assert said() == f"The 2 files are in {tmp_path / 'album'}"
    copies = [clip.path.read_bytes() for clip in window.workspace.document.clips]
    assert copies == [recording.read_bytes(), tune.read_bytes()]


def ask_to_collect(window: Window, qtbot: QtBot) -> CollectDialog:
    window.commands.refresh()
    window.commands.action("session.collect").trigger()
    qtbot.waitUntil(lambda: window.findChild(CollectDialog) is not None)
    dialog = window.findChild(CollectDialog)
    assert isinstance(dialog, CollectDialog)
    return dialog


@pytest.mark.medium
def test_a_session_that_is_collected_and_moved_opens_with_its_files(
    window: Window,
    qtbot: QtBot,
    tmp_path: Path,
    recording: Path,
    tune: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    originals, workspace = tmp_path / "card", window.workspace
    originals.mkdir()
    for path in (recording, tune):
        shutil.copy(path, originals)
    workspace.import_files([originals])
    qtbot.waitUntil(lambda: len(workspace.document.clips) == 2 and not workspace.loading)
    (tmp_path / "album").mkdir()
    named = (str(tmp_path / "album" / "songs"), "")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args, **_named: named)
    dialog = ask_to_collect(window, qtbot)
    assert dialog.question.text().startswith("This session has no name yet. Give it one")
    qtbot.mouseClick(dialog.collect, Qt.MouseButton.LeftButton)
    copies = tmp_path / "album" / "songs files"
    qtbot.waitUntil(lambda: {clip.path.parent for clip in workspace.document.clips} == {copies})
    with qtbot.waitSignal(workspace.session_closed):
        workspace.new_session()
    shutil.rmtree(originals)
    moved = (tmp_path / "album").rename(tmp_path / "another place")
    workspace.open_session(moved / "songs.seqstudio")
    qtbot.waitUntil(lambda: workspace.session.path == moved / "songs.seqstudio")
    qtbot.waitUntil(lambda: not workspace.background.busy)

    assert {clip.path.parent for clip in workspace.document.clips} == {moved / "songs files"}
    assert not window.missing.clips
    assert not window.missing_banner.isVisible()
    assert workspace.undo_title == "Collect files"  # finding them is no step


@pytest.mark.medium
def test_what_is_missing_can_be_found_before_the_files_are_collected(
    window: Window,
    qtbot: QtBot,
    moved: Path,
    tune: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    workspace = window.workspace
    assert not window.commands.action("session.collect").isEnabled()  # nothing is there
    workspace.import_files([tune])
    qtbot.waitUntil(lambda: len(workspace.document.clips) == 2)
    workspace.save_as(tmp_path / "songs.seqstudio")
    dialog = ask_to_collect(window, qtbot)
    assert dialog.question.text() == "Copy its file into “songs files” beside the session?"
    assert dialog.left_out.text() == "talk.flac: missing, and left out unless found first."
    folders = lambda *_args, **_named: str(moved.parent)  # noqa: E731
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", folders)
    qtbot.mouseClick(dialog.find_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.missing.clips)
    qtbot.waitUntil(lambda: window.findChild(CollectDialog) is None)
    dialog = ask_to_collect(window, qtbot)
    qtbot.mouseClick(dialog.collect, Qt.MouseButton.LeftButton)

    copies = tmp_path / "songs files"
    qtbot.waitUntil(lambda: {clip.path.parent for clip in workspace.document.clips} == {copies})
    assert sorted(path.name for path in copies.iterdir()) == ["greensleeves.mid", "renamed.flac"]
