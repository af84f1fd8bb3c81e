import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from pytestqt.qtbot import QtBot
from watchdog import Watchdog

from seqstudio.gui.shell.window_view import Window
from seqstudio.gui.workspace.commands import Command


def work(seconds: float) -> None:
    """Use this much processor time."""
    start_s = time.thread_time()
    while time.thread_time() - start_s < seconds:
        pass


@contextmanager
def loaded(programs: int) -> Iterator[None]:
    """Keep the machine busy with other programs."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(programs)]
    try:
        yield
    finally:
        for program in busy:
            program.kill()
            program.wait()


@pytest.mark.medium
def test_long_work_is_a_stall_and_its_place_is_named(
    unwatched_window: Window, qtbot: QtBot
) -> None:
    unwatched_window.commands.add(Command("test.slow", "Slow"), partial(work, 2.0))
    with Watchdog() as dog:
        unwatched_window.commands.action("test.slow").trigger()

    (stall,) = dog.stalls
    assert 0.5 < stall.busy_s < 2.4
    assert "seqstudio.gui.workspace.commands.Commands.add.<locals>" in str(stall)


@pytest.mark.medium
def test_many_short_pieces_of_work_are_not_a_stall(unwatched_window: Window) -> None:
    unwatched_window.commands.add(Command("test.short", "Short"), partial(work, 0.02))
    with Watchdog(work_s=0.1) as dog:
        for _ in range(20):
            unwatched_window.commands.action("test.short").trigger()

    assert not dog.stalls


@pytest.mark.medium
def test_a_blocking_call_is_a_stall_though_it_needs_no_processor(unwatched_window: Window) -> None:
    unwatched_window.commands.add(Command("test.block", "Block"), partial(time.sleep, 1.5))
    with Watchdog(blocked_s=0.5) as dog:
        unwatched_window.commands.action("test.block").trigger()

    (stall,) = dog.stalls
    assert stall.busy_s < 0.1
    assert 0.5 < stall.blocked_s < 1.6


@pytest.mark.medium
def test_waiting_for_events_is_not_a_stall(unwatched_window: Window, qtbot: QtBot) -> None:
    unwatched_window.commands.add(Command("test.wait", "Wait"), partial(qtbot.wait, 600))
    with Watchdog(blocked_s=0.1) as dog:
        unwatched_window.commands.action("test.wait").trigger()

    assert not dog.stalls


@pytest.mark.medium
def test_neither_kind_of_stall_hides_behind_a_loaded_machine(unwatched_window: Window) -> None:
    unwatched_window.commands.add(Command("test.slow", "Slow"), partial(work, 2.0))
    unwatched_window.commands.add(Command("test.block", "Block"), partial(time.sleep, 3))
    with loaded(os.cpu_count() or 1), Watchdog(blocked_s=0.5) as dog:
        unwatched_window.commands.action("test.slow").trigger()
        unwatched_window.commands.action("test.block").trigger()

    assert any(stall.busy_s > 0.5 for stall in dog.stalls)
    assert any(stall.blocked_s > 0.5 for stall in dog.stalls)


@pytest.mark.medium
def test_short_work_on_a_loaded_machine_is_not_a_stall(unwatched_window: Window) -> None:
    unwatched_window.commands.add(Command("test.short", "Short"), partial(work, 0.3))
    with loaded(2 * (os.cpu_count() or 1)), Watchdog(blocked_s=0.5) as dog:
        for _ in range(3):
            unwatched_window.commands.action("test.short").trigger()

    assert not dog.stalls


@pytest.mark.medium
def test_work_of_the_test_itself_does_not_count(unwatched_window: Window) -> None:
    with Watchdog(work_s=0.1) as dog:
        work(0.5)

    assert not dog.stalls
