"""The Qt binding must not leak references: one release did, and the app crashed within minutes."""

import sys

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

CALLS = 200
SLACK = 50  # references that other code adds and drops meanwhile


class Bell(QObject):
    rung = Signal(str)


def test_calls_and_signals_keep_pythons_own_objects(qtbot: QtBot) -> None:
    bell, label = Bell(), QLabel()
    qtbot.addWidget(label)
    bell.rung.connect(label.setText)
    before = [sys.getrefcount(one) for one in (None, True)]
    for _ in range(CALLS):
        label.update()
        bell.rung.emit("x")

    after = [sys.getrefcount(one) for one in (None, True)]
    assert all(abs(new - old) < SLACK for old, new in zip(before, after, strict=True))
