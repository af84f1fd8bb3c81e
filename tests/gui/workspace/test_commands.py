import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QMenu
from pytestqt.qtbot import QtBot

from seqstudio.gui.shell.pages import PAGES
from seqstudio.gui.shell.palette import entries
from seqstudio.gui.shell.window_view import Window
from seqstudio.gui.workspace.commands import Command


@pytest.fixture
def full_window(window: Window, qtbot: QtBot) -> Window:
    """The window with every page built, so that every command has been added."""
    for page in PAGES:
        window.show_page(page.name)
    qtbot.waitUntil(lambda: "takes.accept" in window.commands)  # its panel is built after the page
    return window


@pytest.mark.medium
def test_every_command_has_a_name_a_title_and_a_shortcut(full_window: Window) -> None:
    for action in full_window.commands.all():
        command = full_window.commands.command(action.objectName())
        assert command.title, command.name
        assert command.shortcut, f"{command.name} has no shortcut"
        assert not action.shortcut().isEmpty(), f"{command.name}: {command.shortcut} is invalid"


@pytest.mark.medium
def test_every_command_is_in_a_menu_and_no_menu_is_empty(full_window: Window, qtbot: QtBot) -> None:
    def menus() -> list[QMenu]:
        found = full_window.menuBar().findChildren(QMenu)
        return [menu for menu in found if menu.title()]  # Qt adds one for overflow

    def listed() -> set[str]:
        return {action.objectName() for menu in menus() for action in menu.actions()}

    names = {action.objectName() for action in full_window.commands.all()}
    qtbot.waitUntil(lambda: names <= listed())
    assert all(menu.actions() for menu in menus())


@pytest.mark.medium
def test_no_two_visible_commands_have_the_same_label(full_window: Window, qtbot: QtBot) -> None:
    commands = full_window.commands
    for page in PAGES:
        full_window.show_page(page.name)
        shown = [action for action in commands.all() if action.isVisible()]
        listed = [commands.command(action.objectName()) for action in shown]
        labels = [(command.menu, command.title) for command in listed]
        assert sorted(set(labels)) == sorted(labels)
    assert [entry.name for entry in entries(commands) if entry.title == "Run"] == [
        "operation.run.midi"  # the last page is the piano roll
    ]
    full_window.show_page("recording")
    assert commands.action("operation.run.audio").isVisible()


def test_a_shortcut_that_is_taken_is_refused(window: Window) -> None:
    with pytest.raises(ValueError, match=r"^test\.two Ctrl\+Z: session\.undo has it, expected"):
        window.commands.add(Command("test.two", "Two", "", "Ctrl+Z"), lambda: None)


def test_a_shortcut_within_a_widget_works_only_while_it_has_the_focus(
    window: Window, qtbot: QtBot
) -> None:
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


def test_commands_of_a_page_are_enabled_while_it_is_shown(window: Window, qtbot: QtBot) -> None:
    page = QLineEdit(window)
    action = window.commands.add(Command("test.page", "Test", "", "F11"), lambda: None, page=page)
    page.show()
    qtbot.waitUntil(action.isEnabled)
    page.hide()
    qtbot.waitUntil(lambda: not action.isEnabled())
