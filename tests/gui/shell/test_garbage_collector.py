"""Qt objects are never destroyed on another thread than the window's."""

import gc
import threading
from typing import Any

from PySide6.QtCore import QObject, QThread
from pytestqt.qtbot import QtBot

from seqstudio.gui.shell.garbage_collector import GarbageCollector


def garbage(freed_on: list[Any]) -> None:
    """Create a reference cycle that records on which thread it is freed."""

    class Cycle:
        def __init__(self) -> None:
            self.own = self

        def __del__(self) -> None:
            freed_on.append(QThread.currentThread())

    Cycle()


def test_garbage_of_another_thread_is_freed_on_the_windows_thread(qtbot: QtBot) -> None:
    parent, freed_on = QObject(), []  # type: ignore[var-annotated]
    GarbageCollector(parent)
    garbage(freed_on)
    thread = threading.Thread(target=lambda: [[] for _ in range(10_000)])
    thread.start()
    thread.join()
    kept = [[] for _ in range(10_000)]  # type: ignore[var-annotated]
    assert not freed_on
    qtbot.waitUntil(lambda: bool(freed_on))
    assert freed_on == [QThread.currentThread()]
    assert kept
    assert not gc.isenabled()
