import time
from functools import partial

from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot
from watchdog import Watchdog

from seqstudio.gui.shell.window_view import Window
from seqstudio.gui.workspace.commands import Command


def work(seconds: float) -> None:
    """Use this much processor time."""
    start_s = time.thread_time()
    while time.thread_time() - start_s < seconds:
        pass


def test_long_work_is_a_stall_and_its_place_is_named(window: Window, qtbot: QtBot) -> None:
    window.commands.add(Command("test.slow", "Slow"), partial(work, 0.3))
    with Watchdog() as dog:
        window.commands.action("test.slow").trigger()

    (stall,) = dog.stalls
    assert 0.2 < stall.busy_s < 0.4
    assert "seqstudio.gui.workspace.commands.Commands.add.<locals>" in str(stall)


def test_many_short_pieces_of_work_are_not_a_stall(window: Window) -> None:
    window.commands.add(Command("test.short", "Short"), partial(work, 0.02))
    with Watchdog() as dog:
        for _ in range(12):
            window.commands.action("test.short").trigger()

    assert not dog.stalls


def test_waiting_is_not_a_stall(window: Window, qtbot: QtBot) -> None:
    over: list[bool] = []
    window.commands.add(Command("test.wait", "Wait"), partial(time.sleep, 0.2))
    with Watchdog() as dog:
        QTimer.singleShot(
            0, lambda: (window.commands.action("test.wait").trigger(), over.append(True))
        )
        qtbot.waitUntil(lambda: bool(over))

    assert not dog.stalls


def test_work_of_the_test_itself_does_not_count(window: Window) -> None:
    with Watchdog() as dog:
        work(0.2)

    assert not dog.stalls
