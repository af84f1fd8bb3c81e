"""A user gives a command a shortcut of their own, and has it after a restart."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from pytestqt.qtbot import QtBot

from seqstudio.gui.shell.shortcuts_view import ShortcutsView
from seqstudio.gui.shell.window_view import Window
from seqstudio.gui.workspace.commands import Command, Commands
from seqstudio.gui.workspace.preferences import Preferences


@pytest.fixture
def dialog(window: Window) -> ShortcutsView:
    window.commands.action("app.shortcuts").trigger()
    dialog = window.findChild(ShortcutsView)
    assert dialog is not None
    return dialog


def keys_of(window: Window, name: str) -> str:
    return window.commands.action(name).shortcut().toString()


def test_a_shortcut_is_changed_saved_and_reset(
    dialog: ShortcutsView, window: Window, qtbot: QtBot
) -> None:
    dialog.search.setText("library beside")
    assert dialog.selected == "view.library"
    dialog.keys.setKeySequence(QKeySequence("Ctrl+Alt+F9"))
    qtbot.mouseClick(dialog.set, Qt.MouseButton.LeftButton)

    assert keys_of(window, "view.library") == "Ctrl+Alt+F9"
    saved = Preferences(window.workspace.studio.profile).saved.shortcuts
    assert saved == {"view.library": "Ctrl+Alt+F9"}
    again = Commands(window, saved)
    assert again.add(Command("view.library", "Library", "", "Ctrl+B"), lambda: None).shortcut() == (
        QKeySequence("Ctrl+Alt+F9")
    )

    dialog.set_keys(None)
    assert keys_of(window, "view.library") == "Ctrl+B"
    assert Preferences(window.workspace.studio.profile).saved.shortcuts == {}


def test_a_shortcut_that_another_command_has_is_refused_by_name(
    dialog: ShortcutsView, window: Window
) -> None:
    dialog.search.setText("library beside")
    dialog.set_keys("Ctrl+Q")
    assert dialog.message.text() == "“Quit” has this shortcut: choose another one."
    assert keys_of(window, "view.library") == "Ctrl+B"
