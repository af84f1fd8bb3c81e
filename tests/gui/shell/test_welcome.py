import contextlib
import sqlite3
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from seqstudio.gui.shell.welcome import Welcome, age_text, content_of, unsaved_work
from seqstudio.gui.shell.window import Window
from seqstudio.gui.workspace.file_kinds import bring
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.session.apply import apply
from seqstudio.session.document import Document
from seqstudio.session.operations import RenameSession
from seqstudio.session.session import Session


def test_a_session_is_told_by_what_is_in_it(recording: Path, tune: Path) -> None:
    document = Document()
    for path in (recording, tune, recording):
        document, _ = apply(document, bring(path))
    assert content_of(document) == "2 recordings, 1 piece"


@pytest.mark.parametrize(
    ("seconds", "text"), [(3, "just now"), (61, "1 minute ago"), (200_000, "2 days ago")]
)
def test_ages_are_told_in_the_largest_unit(seconds: float, text: str) -> None:
    assert age_text(seconds) == text


@pytest.fixture
def left(workspace: Workspace) -> Path:
    """Untitled work of an app that was killed."""
    session = Session.untitled(workspace.studio.profile)
    session.do(RenameSession("Songs"))
    session.do(RenameSession("Harvest songs"))
    path = session.path
    session.close()
    return path


def button(window: Window, name: str) -> QPushButton:
    return next(
        one
        for one in window.stack.currentWidget().findChildren(QPushButton)
        if one.accessibleName() == name
    )


def test_work_without_a_name_is_offered_and_opens(left: Path, window: Window, qtbot: QtBot) -> None:
    def offered() -> bool:
        labels = window.stack.currentWidget().findChildren(QLabel)
        return "Harvest songs" in [label.text() for label in labels]

    qtbot.waitUntil(offered)
    with qtbot.waitSignal(window.workspace.session_changed):
        qtbot.mouseClick(button(window, "Open Harvest songs"), Qt.MouseButton.LeftButton)

    assert window.workspace.document.title == "Harvest songs"
    assert window.windowTitle() == "Harvest songs - SeqStudio"


def test_discarded_work_is_gone(left: Path, window: Window, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: bool(window.stack.currentWidget().findChildren(QLabel, "earlier")))
    qtbot.mouseClick(button(window, "Discard Harvest songs"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.stack.currentWidget().findChildren(QLabel, "earlier"))

    assert not left.exists()
    assert not unsaved_work(window.workspace.studio.profile)


def test_a_look_at_earlier_work_neither_holds_nor_changes_it(
    workspace: Workspace, left: Path
) -> None:
    before = left.read_bytes()
    (earlier,) = unsaved_work(workspace.studio.profile)

    assert (earlier.title, earlier.note) == ("Harvest songs", "empty, just now")
    assert left.read_bytes() == before
    Session.open(left).close()


def test_damaged_work_is_offered_and_says_what_was_lost(
    workspace: Workspace, left: Path, qtbot: QtBot
) -> None:
    with contextlib.closing(sqlite3.connect(left)) as file, file:
        file.execute("UPDATE step SET operation = x'00' WHERE number = 2")
        file.execute("DELETE FROM snapshot")
    (earlier,) = unsaved_work(workspace.studio.profile)
    assert earlier.note.startswith("damaged")
    with qtbot.waitSignal(workspace.failed) as told:
        workspace.open_session(left)
    assert told.args == [workspace.session.lost]
    assert "was damaged: the last" in workspace.session.lost
    workspace.new_session()
    profile = workspace.studio.profile
    qtbot.waitUntil(lambda: [one.title for one in unsaved_work(profile)] == ["Songs"])


def test_damaged_work_of_which_nothing_is_left_can_be_discarded(
    workspace: Workspace, left: Path, qtbot: QtBot
) -> None:
    left.write_bytes(b"no session at all" * 500)
    (earlier,) = unsaved_work(workspace.studio.profile)
    Welcome(workspace).discard(earlier)

    qtbot.waitUntil(lambda: not left.exists())


def test_a_recent_session_whose_file_is_gone_says_so_and_can_be_forgotten(
    window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    album = tmp_path / "album.seqstudio"
    window.workspace.do(RenameSession("Album"))
    assert window.workspace.save_as(album)
    window.workspace.new_session()
    album.unlink()
    window.workspace.new_session()
    page = window.stack.currentWidget()

    def note() -> list[str]:
        return [label.text() for label in page.findChildren(QLabel)]

    qtbot.waitUntil(lambda: f"not found in {tmp_path}" in note())
    assert not button(window, "Open album").isEnabled()
    qtbot.mouseClick(button(window, "Forget album"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: f"not found in {tmp_path}" not in note())


def test_the_shipped_samples_open_by_one_button(window: Window, qtbot: QtBot) -> None:
    qtbot.mouseClick(button(window, "Try it: open the shipped samples"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(window.workspace.document.clips) == 7)
