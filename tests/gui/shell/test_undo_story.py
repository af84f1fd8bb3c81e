"""What Ctrl+Z takes back is named in the menu, and is in sight."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListWidget
from pytestqt.qtbot import QtBot

from seqstudio.gui.shell.history_view import HistoryView
from seqstudio.gui.shell.window_view import Window
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.session.edits import RenameTake


@pytest.fixture
def filled(window: Window, qtbot: QtBot, tune: Path, recording: Path) -> Window:
    """A window with a tune and a recording, opened one after the other."""
    for path in (tune, recording):
        window.workspace.import_files([path])
        qtbot.waitUntil(lambda: not window.workspace.loading)
    return window


def text(window: Window, name: str) -> str:
    return window.commands.action(name).text()


@pytest.mark.medium
def test_undo_on_one_page_leaves_the_others_as_they_are(filled: Window, qtbot: QtBot) -> None:
    workspace = filled.workspace
    take, clip = workspace.document.takes[0], workspace.document.clips[1]
    workspace.select(take.id)
    workspace.do(RenameTake(take.id, "Sleeves"))
    assert text(filled, "session.undo") == "Undo: Rename a take"
    workspace.select(clip.id)
    assert text(filled, "session.undo") == f"Undo: Add {clip.name}"
    filled.show_page("train")
    assert text(filled, "session.undo") == f"Undo: Add {clip.name}"  # the library is in sight
    workspace.select(take.id)
    filled.commands.action("session.undo").trigger()
    assert workspace.document.take(take.id).name == "greensleeves"
    assert text(filled, "session.redo") == "Redo: Rename a take"
    qtbot.keyClick(filled, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: workspace.document.take(take.id).name == "Sleeves")


@pytest.mark.medium
def test_forty_one_files_dropped_together_are_one_step(
    window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    workspace = window.workspace
    for number in range(41):
        (tmp_path / f"{number:02}.txt").write_text(str(number))
    workspace.import_files([tmp_path])
    qtbot.waitUntil(lambda: len(workspace.document.clips) == 41 and not workspace.loading)
    assert text(window, "session.undo") == "Undo: Add 41 files"
    window.commands.action("session.undo").trigger()
    assert not workspace.document.clips
    window.commands.action("session.redo").trigger()
    assert [clip.name for clip in workspace.document.clips] == [f"{n:02}" for n in range(41)]
    assert workspace.clip


@pytest.mark.medium
def test_what_was_removed_comes_back_and_is_shown(filled: Window, workspace: Workspace) -> None:
    take = workspace.document.takes[0]
    workspace.select(take.id)
    filled.library.tree.setFocus()
    filled.commands.action("library.remove").trigger()
    assert not workspace.document.takes
    filled.commands.action("session.undo").trigger()
    assert workspace.selected_id == take.id


@pytest.mark.medium
def test_the_history_lists_every_step_and_goes_back_and_forward(
    filled: Window, qtbot: QtBot
) -> None:
    filled.commands.action("session.history").trigger()
    (dialog,) = filled.findChildren(HistoryView)
    steps = dialog.findChild(QListWidget)
    assert [steps.item(at).text() for at in range(steps.count())] == [
        "The empty session",
        "Add greensleeves",
        "Add an2-mblw-b",
    ]
    steps.itemActivated.emit(steps.item(0))
    assert not filled.workspace.document.clips
    assert steps.item(2).text() == "Add an2-mblw-b (undone)"
    steps.itemActivated.emit(steps.item(2))
    assert len(filled.workspace.document.clips) == 2
    dialog.close()
