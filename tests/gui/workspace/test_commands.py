import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QMenu
from pytestqt.qtbot import QtBot

from seqstudio.gui.shell.pages import PAGES
from seqstudio.gui.shell.palette_view import entries
from seqstudio.gui.shell.window import Window
from seqstudio.gui.workspace.commands import Command


@pytest.fixture
def whole(window: Window, qtbot: QtBot) -> Window:
    """The window with every page made, so that every command is there and in its menu."""
    for page in PAGES:
        window.show_page(page.name)
    qtbot.waitUntil(lambda: "takes.hear" in window.commands)  # its panel comes after the page
    return window


def test_every_command_has_a_name_a_title_and_a_shortcut(whole: Window) -> None:
    for action in whole.commands.all():
        command = whole.commands.command(action.objectName())
        assert command.title, command.name
        assert command.shortcut, f"{command.name} has no shortcut"
        assert not action.shortcut().isEmpty(), f"{command.name}: {command.shortcut} is no shortcut"


def test_every_command_is_in_a_menu_and_no_menu_is_empty(whole: Window, qtbot: QtBot) -> None:
    def menus() -> list[QMenu]:
        found = whole.menuBar().findChildren(QMenu)
        return [menu for menu in found if menu.title()]  # the bar has one for lack of room

    def listed() -> set[str]:
        return {action.objectName() for menu in menus() for action in menu.actions()}

    names = {action.objectName() for action in whole.commands.all()}
    qtbot.waitUntil(lambda: names <= listed())
    assert all(menu.actions() for menu in menus())


def test_no_two_commands_that_are_listed_read_alike(whole: Window, qtbot: QtBot) -> None:
    commands = whole.commands
    for page in PAGES:
        whole.show_page(page.name)
        shown = [action for action in commands.all() if action.isVisible()]
        words = [commands.command(action.objectName()) for action in shown]
        read = [(command.group, command.title) for command in words]
        assert sorted(set(read)) == sorted(read)
    assert [entry.name for entry in entries(commands) if entry.title == "Run"] == [
        "operation.run.midi"  # the last page is the piano roll
    ]
    whole.show_page("recording")
    assert commands.action("operation.run.audio").isVisible()


def test_a_shortcut_with_two_meanings_is_refused(window: Window) -> None:
    with pytest.raises(ValueError, match=r"^test\.two Ctrl\+Z: session\.undo has it, expected"):
        window.commands.add(Command("test.two", "Two", "", "Ctrl+Z"), lambda: None)


def test_a_shortcut_of_a_place_works_only_there(window: Window, qtbot: QtBot) -> None:
    done: list[str] = []
    fields = [QLineEdit(window) for _ in range(2)]
    for number, field in enumerate(fields):
        field.show()
        window.commands.add(
            Command(f"test.{number}", "Test", "", "Ctrl+Alt+F12"),
            lambda number=number: done.append(str(number)),  # type: ignore[misc]
            within=field,
        )
    window.commands.refresh()
    window.activateWindow()
    fields[1].setFocus()
    keys = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
    qtbot.keyClick(fields[1], Qt.Key.Key_F12, keys)

    assert done == ["1"]


def test_commands_of_a_page_can_be_done_while_it_is_shown(window: Window, qtbot: QtBot) -> None:
    page = QLineEdit(window)
    action = window.commands.add(Command("test.page", "Test", "", "F11"), lambda: None, page=page)
    page.show()
    qtbot.waitUntil(action.isEnabled)
    page.hide()
    qtbot.waitUntil(lambda: not action.isEnabled())
