"""The whole window as a screen reader sees it, and as a person without a mouse walks through it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget
from pytestqt.qtbot import QtBot

from seqstudio.gui.shell.pages import PAGES
from seqstudio.gui.shell.window import Window

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
    """A page of the window, with what it shows in front."""
    window.workspace.bring_in([recording, tune])
    qtbot.waitUntil(lambda: not window.workspace.loading, timeout=10_000)
    entry = next(page for page in PAGES if page.name == request.param)
    document = window.workspace.document
    if entry.shows == "take":
        window.workspace.choose(document.takes[0].id)
    elif entry.shows == "clip":
        window.workspace.choose(document.clips[0].id)
    shown = window.show_page(entry.name)
    qtbot.waitUntil(lambda: not window.workspace.background.busy, timeout=10_000)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return shown


def walk(seen: QAccessibleInterface) -> Iterator[QAccessibleInterface]:
    """Give an object and all that is below it, as far as it is seen."""
    yield seen
    for place in range(seen.childCount()):
        child = seen.child(place)
        if child and child.isValid() and not child.state().invisible:
            yield from walk(child)


def described(seen: QAccessibleInterface) -> str:
    """Say which object it is, for a person who has to mend it."""
    thing: QObject | None = seen.object()
    parents = []
    while thing:
        parents.append(f"{type(thing).__name__}({thing.objectName()})")
        thing = thing.parent()
    return " in ".join(parents[:4])


@pytest.mark.parametrize("page", PAGE_NAMES, indirect=True)
def test_every_interactive_object_has_a_name(page: QWidget) -> None:
    window = page.window()
    nameless = [
        f"{seen.role().name} {described(seen)}"
        for seen in walk(QAccessible.queryAccessibleInterface(window))
        if (seen.role() in INTERACTIVE or seen.state().focusable)
        and not seen.text(QAccessible.Text.Name)
        and not _is_inner(seen)
    ]
    assert not nameless, "\n".join(sorted(set(nameless)))


@pytest.mark.parametrize("page", PAGE_NAMES, indirect=True)
def test_tab_reaches_everything_that_takes_it_and_comes_round(page: QWidget, qtbot: QtBot) -> None:
    window = page.window()
    takes_tab = {
        widget
        for widget in window.findChildren(QWidget)
        if widget.isVisible()
        and widget.isEnabled()
        and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and widget.focusProxy() is None
    }
    reached = set()
    for _ in range(2 * len(takes_tab) + 10):
        if focus := QApplication.focusWidget():
            reached.add(focus)
        window.focusNextChild()

    missed = takes_tab - reached
    alone = [one for one in missed if not _radio(one)]
    assert not [f"{type(one).__name__} {one.accessibleName()}" for one in alone]


def test_a_button_is_pressed_by_space(window: Window, qtbot: QtBot) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    samples = "Try it: open the shipped samples"
    buttons = window.stack.findChildren(QAbstractButton)
    button = next(one for one in buttons if one.accessibleName() == samples)
    button.setFocus()
    qtbot.keyClick(button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: len(window.workspace.document.clips) == 7, timeout=10_000)


def _is_inner(seen: QAccessibleInterface) -> bool:
    """Whether it is a part of one object: a viewport, a line of a list, a scroll bar's arrow."""
    parent = seen.parent()
    whole = (ROLE.ComboBox, ROLE.SpinBox, ROLE.ScrollBar, ROLE.List, ROLE.Tree, ROLE.Table)
    return bool(parent) and parent.role() in whole


def _radio(widget: QWidget) -> bool:
    """Whether arrows move between it and its neighbours, so that Tab reaches only one of them."""
    if not isinstance(widget, QAbstractButton):
        return False
    group = widget.group()
    return widget.autoExclusive() or (group is not None and group.exclusive())
