import contextlib
import sqlite3
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from seqstudio.gui.shell.session_picture_view import SessionPicture
from seqstudio.gui.shell.welcome import WelcomeModel, age_text, content_text, untitled_sessions
from seqstudio.gui.shell.window_view import Window
from seqstudio.gui.widgets.colours import DARK, LIGHT
from seqstudio.gui.widgets.confirmation import ConfirmationView
from seqstudio.gui.workspace.file_kinds import import_file
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.session import trash
from seqstudio.session.apply import apply
from seqstudio.session.document import Document
from seqstudio.session.edits import RenameSession
from seqstudio.session.session import Session


def test_a_session_is_described_by_its_content(recording: Path, tune: Path) -> None:
    document = Document()
    for path in (recording, tune, recording):
        document, _ = apply(document, import_file(path))
    assert content_text(document) == "2 recordings, 1 piece"


@pytest.mark.parametrize(
    ("seconds", "text"), [(3, "just now"), (61, "1 minute ago"), (200_000, "2 days ago")]
)
def test_ages_are_given_in_the_largest_unit(seconds: float, text: str) -> None:
    assert age_text(seconds) == text


@pytest.fixture
def untitled(workspace: Workspace) -> Path:
    """The untitled session of an app that was killed."""
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


def test_an_untitled_session_is_listed_and_opens(
    untitled: Path, window: Window, qtbot: QtBot
) -> None:
    def listed() -> bool:
        labels = window.stack.currentWidget().findChildren(QLabel)
        return "Harvest songs" in [label.text() for label in labels]

    qtbot.waitUntil(listed)
    with qtbot.waitSignal(window.workspace.session_changed):
        qtbot.mouseClick(button(window, "Open Harvest songs"), Qt.MouseButton.LeftButton)

    assert window.workspace.document.title == "Harvest songs"
    assert window.windowTitle() == "Harvest songs - SeqStudio"


def test_a_discarded_session_is_restored_from_the_trash_with_its_history(
    untitled: Path, window: Window, qtbot: QtBot
) -> None:
    def press(name: str) -> None:
        qtbot.waitUntil(lambda: name in names(window))
        qtbot.mouseClick(button(window, name), Qt.MouseButton.LeftButton)

    press("Discard Harvest songs")
    qtbot.waitUntil(lambda: not untitled.exists())
    press("Restore Harvest songs")
    press("Open Harvest songs")
    qtbot.waitUntil(lambda: window.workspace.document.title == "Harvest songs")
    window.workspace.undo()

    assert window.workspace.document.title == "Songs"


def test_deleting_for_good_asks_and_says_what_goes(
    untitled: Path, window: Window, qtbot: QtBot
) -> None:
    profile = window.workspace.studio.profile
    kept = trash.discard(untitled, profile)
    assert kept
    window.workspace.new_session()
    for answer in ("Cancel", "Delete"):
        qtbot.waitUntil(lambda: "Delete… Harvest songs" in names(window))
        qtbot.mouseClick(button(window, "Delete… Harvest songs"), Qt.MouseButton.LeftButton)
        (dialog,) = window.findChildren(ConfirmationView)
        assert dialog.confirmation.question == "Delete Harvest songs for good?"
        pressed = next(one for one in dialog.findChildren(QPushButton) if one.text() == answer)
        qtbot.mouseClick(pressed, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: not window.findChildren(ConfirmationView))
        assert kept.exists() or answer == "Delete"
    qtbot.waitUntil(lambda: not kept.exists())


def names(window: Window) -> list[str]:
    page = window.stack.currentWidget()
    return [one.accessibleName() for one in page.findChildren(QPushButton)]


def test_a_discarded_session_goes_to_the_trash(
    untitled: Path, window: Window, qtbot: QtBot
) -> None:
    qtbot.waitUntil(
        lambda: bool(window.stack.currentWidget().findChildren(QLabel, "session title"))
    )
    qtbot.mouseClick(button(window, "Discard Harvest songs"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "Restore Harvest songs" in names(window))

    assert not untitled.exists()
    assert [path.name for path in trash.trashed(window.workspace.studio.profile)] == [untitled.name]
    assert not untitled_sessions(window.workspace.studio.profile)


def test_listing_a_session_neither_locks_nor_changes_it(
    workspace: Workspace, untitled: Path
) -> None:
    before = untitled.read_bytes()
    (session,) = untitled_sessions(workspace.studio.profile)

    assert (session.title, session.detail) == ("Harvest songs", "empty, just now")
    assert untitled.read_bytes() == before
    Session.open(untitled).close()


def test_a_damaged_session_is_listed_and_reports_what_was_lost(
    workspace: Workspace, untitled: Path, qtbot: QtBot
) -> None:
    with contextlib.closing(sqlite3.connect(untitled)) as file, file:
        file.execute("UPDATE step SET edit = x'00' WHERE number = 2")
        file.execute("DELETE FROM snapshot")
    (session,) = untitled_sessions(workspace.studio.profile)
    assert session.detail.startswith("damaged")
    with qtbot.waitSignal(workspace.failed) as failed:
        workspace.open_session(untitled)
    assert failed.args == [workspace.session.lost]
    assert "was damaged: the last" in workspace.session.lost
    workspace.new_session()
    profile = workspace.studio.profile
    qtbot.waitUntil(lambda: [one.title for one in untitled_sessions(profile)] == ["Songs"])


def test_an_unreadable_session_can_be_discarded(
    workspace: Workspace, untitled: Path, qtbot: QtBot
) -> None:
    untitled.write_bytes(b"no session at all" * 500)
    (session,) = untitled_sessions(workspace.studio.profile)
    WelcomeModel(workspace).discard(session)

    qtbot.waitUntil(lambda: not untitled.exists())


def test_a_recent_session_without_its_file_is_marked_and_can_be_forgotten(
    window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    album = tmp_path / "album.seqstudio"
    window.workspace.do(RenameSession("Album"))
    assert window.workspace.save_as(album)
    window.workspace.new_session()
    album.unlink()
    window.workspace.new_session()
    page = window.stack.currentWidget()

    def texts() -> list[str]:
        return [label.text() for label in page.findChildren(QLabel)]

    qtbot.waitUntil(lambda: f"not found in {tmp_path}" in texts())
    assert not button(window, "Open album").isEnabled()
    qtbot.mouseClick(button(window, "Forget album"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: f"not found in {tmp_path}" not in texts())


def test_the_samples_open_with_one_button(window: Window, qtbot: QtBot) -> None:
    qtbot.mouseClick(button(window, "Try it: open the samples"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(window.workspace.document.clips) == 7)


@pytest.mark.medium
def test_a_newcomer_opens_one_sample_from_its_picture(window: Window, qtbot: QtBot) -> None:
    def offered() -> bool:
        buttons = window.stack.currentWidget().findChildren(QPushButton)
        return "Open greensleeves" in [one.accessibleName() for one in buttons]

    qtbot.waitUntil(offered)
    pictures = window.stack.currentWidget().findChildren(SessionPicture)
    notes = {picture.grab().toImage().pixelColor(x, y).name() for picture in pictures[:1]
             for x in range(8, 88) for y in range(8, 40)}  # fmt: skip
    assert LIGHT.note.name() in notes or DARK.note.name() in notes

    button(window, "Open greensleeves").click()
    qtbot.waitUntil(lambda: bool(window.workspace.document.takes))
    assert [take.name for take in window.workspace.document.takes] == ["greensleeves"]
