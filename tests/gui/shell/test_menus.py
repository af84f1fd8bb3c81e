"""The menus, reached from the keyboard: recent sessions, the guide, lines between commands."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from seqstudio.gui.shell.guide_view import GuideView
from seqstudio.gui.shell.window_view import Window


def menu(window: Window, title: str) -> QMenu:
    actions = window.menuBar().actions()
    found = next(one for one in actions if one.text().replace("&", "") == title).menu()
    assert isinstance(found, QMenu)
    return found


def test_f10_opens_the_menus_for_the_arrow_keys(window: Window, qtbot: QtBot) -> None:
    window.activateWindow()
    qtbot.keyClick(window, Qt.Key.Key_F10)
    qtbot.waitUntil(lambda: QApplication.activePopupWidget() is menu(window, "Session"))

    qtbot.keyClick(menu(window, "Session"), Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: QApplication.activePopupWidget() is menu(window, "Edit"))
    menu(window, "Edit").close()


def test_a_session_opened_before_is_opened_from_the_menu(
    window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    workspace = window.workspace
    for name in ("first", "second"):
        workspace.save_as(tmp_path / f"{name}.seqstudio")
        workspace.new_session()
    (tmp_path / "second.seqstudio").unlink()
    recent = next(
        action.menu()
        for action in menu(window, "Session").actions()
        if action.text().replace("&", "") == "Open recent"
    )
    assert isinstance(recent, QMenu)
    recent.aboutToShow.emit()
    listed = [(action.text(), action.isEnabled()) for action in recent.actions()]
    assert listed == [("&1  second", False), ("&2  first", True)]

    recent.actions()[1].trigger()
    qtbot.waitUntil(lambda: workspace.session.path.stem == "first")


def test_lines_divide_the_menus_and_letters_are_unique(window: Window) -> None:
    session = menu(window, "Session").actions()
    titles = [action.text().replace("&", "") for action in session]
    last = titles.index("Quit")
    assert session[last - 1].isSeparator()
    letters = [
        action.text().partition("&")[2][:1].lower()
        for action in window.menuBar().actions()
        if "&" in action.text()
    ]
    assert len(letters) == len(set(letters)) == len(window.menuBar().actions())


def test_the_guide_opens_beside_the_work(window: Window, qtbot: QtBot) -> None:
    window.commands.action("app.guide").trigger()
    (guide,) = window.findChildren(GuideView)

    assert guide.isVisible()
    assert not guide.isModal()
    assert "Sessions save themselves" in guide.text.toPlainText()
    guide.close()
