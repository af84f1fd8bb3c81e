"""The layout helpers set exactly the margins and spacing that they are given."""

import pytest
from PySide6.QtCore import QMargins
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from seqstudio.gui.widgets.layout import column, row


def measures(layout: QBoxLayout) -> tuple[QMargins, int]:
    return layout.contentsMargins(), layout.spacing()


def test_a_layout_is_installed_on_its_parent_with_its_margins_and_spacing(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    layout = column(parent, margins=(1, 2, 3, 4), spacing=5)

    assert isinstance(layout, QVBoxLayout)
    assert parent.layout() is layout
    assert measures(layout) == (QMargins(1, 2, 3, 4), 5)


@pytest.mark.parametrize(
    ("make", "kind", "spacing"), [(row, QHBoxLayout, 8), (column, QVBoxLayout, 0)]
)
def test_without_arguments_there_are_no_margins(
    qtbot: QtBot, make: type[QBoxLayout], kind: type[QBoxLayout], spacing: int
) -> None:
    assert isinstance(make(), kind)
    assert measures(make()) == (QMargins(0, 0, 0, 0), spacing)


def test_one_number_is_the_margin_on_all_sides(qtbot: QtBot) -> None:
    assert measures(row(margins=12, spacing=4)) == (QMargins(12, 12, 12, 12), 4)
