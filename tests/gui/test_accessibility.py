"""The whole window for a screen reader, and for a user without a mouse."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget
from pytestqt.qtbot import QtBot

from seqstudio.gui.shell.pages import PAGES
from seqstudio.gui.shell.window_view import Window

ROLE = QAccessible.Role
INTERACTIVE = (
    ROLE.Button,
    ROLE.CheckBox,
    ROLE.RadioButton,
    ROLE.ComboBox,
    ROLE.EditableText,
    ROLE.SpinBox,
    ROLE.Slider,
    ROLE.List,
    ROLE.Tree,
    ROLE.Table,
    ROLE.PageTabList,
    ROLE.MenuItem,
    ROLE.ButtonMenu,
)
PAGE_NAMES = [page.name for page in PAGES]


@pytest.fixture
def page(
    request: pytest.FixtureRequest, window: Window, qtbot: QtBot, recording: Path, tune: Path
) -> QWidget:
    """A page of the window, with the item that it shows selected."""
    window.workspace.import_files([recording, tune])
    qtbot.waitUntil(lambda: not window.workspace.loading)
    entry = next(page for page in PAGES if page.name == request.param)
    document = window.workspace.document
    if entry.shows == "take":
        window.workspace.select(document.takes[0].id)
    elif entry.shows == "clip":
        window.workspace.select(document.clips[0].id)
    shown = window.show_page(entry.name)
    qtbot.waitUntil(lambda: not window.workspace.background.busy)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return shown


def walk(item: QAccessibleInterface) -> Iterator[QAccessibleInterface]:
    """Yield an object and its visible descendants."""
    yield item
    for at in range(item.childCount()):
        child = item.child(at)
        if child and child.isValid() and not child.state().invisible:
            yield from walk(child)


def path_of(item: QAccessibleInterface) -> str:
    """Return the classes and names of an object and its parents."""
    part: QObject | None = item.object()
    parents = []
    while part:
        parents.append(f"{type(part).__name__}({part.objectName()})")
        part = part.parent()
    return " in ".join(parents[:4])


@pytest.mark.parametrize("page", PAGE_NAMES, indirect=True)
def test_every_interactive_object_has_a_name(page: QWidget) -> None:
    window = page.window()
    nameless = [
        f"{item.role().name} {path_of(item)}"
        for item in walk(QAccessible.queryAccessibleInterface(window))
        if (item.role() in INTERACTIVE or item.state().focusable)
        and not item.text(QAccessible.Text.Name)
        and not _is_inner(item)
    ]
    assert not nameless, "\n".join(sorted(set(nameless)))


@pytest.mark.parametrize("page", PAGE_NAMES, indirect=True)
def test_tab_reaches_every_widget_with_tab_focus(page: QWidget, qtbot: QtBot) -> None:
    window = page.window()
    by_tab = {
        widget
        for widget in window.findChildren(QWidget)
        if widget.isVisible()
        and widget.isEnabled()
        and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and widget.focusProxy() is None
    }
    reached = set()
    for _ in range(2 * len(by_tab) + 10):
        if focus := QApplication.focusWidget():
            reached.add(focus)
        window.focusNextChild()

    missed = by_tab - reached
    missed_alone = [one for one in missed if not _radio(one)]
    assert not [f"{type(one).__name__} {one.accessibleName()}" for one in missed_alone]


def test_space_presses_a_button(window: Window, qtbot: QtBot) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    samples = "Try it: open the samples"
    buttons = window.stack.findChildren(QAbstractButton)
    button = next(one for one in buttons if one.accessibleName() == samples)
    button.setFocus()
    qtbot.keyClick(button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: len(window.workspace.document.clips) == 7)


def _is_inner(item: QAccessibleInterface) -> bool:
    """Whether it is a part of a widget: a viewport, a row of a list, a scroll bar's arrow."""
    parent = item.parent()
    widgets = (ROLE.ComboBox, ROLE.SpinBox, ROLE.ScrollBar, ROLE.List, ROLE.Tree, ROLE.Table)
    return bool(parent) and parent.role() in widgets


def _radio(widget: QWidget) -> bool:
    """Whether arrow keys move within its group, so that Tab reaches only one of the group."""
    if not isinstance(widget, QAbstractButton):
        return False
    group = widget.group()
    return widget.autoExclusive() or (group is not None and group.exclusive())
