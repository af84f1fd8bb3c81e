"""What the style sheet draws is seen: looked at in the picture of a widget."""

import pytest
from contrast import contrast
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QCheckBox, QDialog, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from seqstudio.gui.shell.window_view import Window
from seqstudio.gui.widgets.colours import DARK, LIGHT, Colours
from seqstudio.gui.widgets.theme import Theme, ThemeManager


def picture(box: QCheckBox, *, checked: bool) -> QImage:
    box.setChecked(checked)
    return box.grab().toImage()


@pytest.mark.parametrize(("theme", "colours"), [("light", LIGHT), ("dark", DARK)])
def test_a_box_to_tick_stands_out_and_its_tick_is_drawn(
    qtbot: QtBot, theme: Theme, colours: Colours
) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    ThemeManager(theme, page).add(page)
    box = QCheckBox("Refused only", page)
    page.show()
    row = box.height() // 2
    off, on = (picture(box, checked=checked) for checked in (False, True))
    edge = max(contrast(off.pixelColor(x, row), colours.surface) for x in range(4))
    inside = {on.pixelColor(x, y).name() for x in range(2, 14) for y in range(row - 5, row + 5)}

    assert edge >= 3
    assert colours.accent.name() in inside
    assert colours.on_accent.name() in inside


def test_a_dialog_of_the_window_has_the_style_of_its_pages(window: Window, qtbot: QtBot) -> None:
    dialog = QDialog(window)
    button = QPushButton("Set", dialog)
    dialog.show()

    page = QPushButton("Set", window.stack.currentWidget())
    page.ensurePolished()
    assert button.sizeHint() == page.sizeHint()
    assert dialog.styleSheet()
