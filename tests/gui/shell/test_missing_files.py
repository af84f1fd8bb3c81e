import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QPushButton
from pytestqt.qtbot import QtBot

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

    copies = [clip.path.read_bytes() for clip in window.workspace.document.clips]
    assert copies == [recording.read_bytes(), tune.read_bytes()]
