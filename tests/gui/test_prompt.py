"""What the user does again and again is done promptly: all is built and loaded before."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from watchdog import PROMPT_S, Watchdog

from seqstudio.gui.piano_roll.score_view import ScoreView
from seqstudio.gui.shell.pages import PAGES
from seqstudio.gui.shell.window_view import Window
from seqstudio.session.edits import RenameTake


@pytest.fixture
def filled(unwatched_window: Window, qtbot: QtBot, tune: Path, recording: Path) -> Window:
    """A window with a tune and a recording."""
    workspace = unwatched_window.workspace
    workspace.import_files([tune, recording])
    qtbot.waitUntil(lambda: not workspace.loading and not workspace.background.busy)
    return unwatched_window


def show_every_page(window: Window) -> None:
    for page in PAGES:
        window.show_page(page.name)


def select_each_document(window: Window) -> None:
    document = window.workspace.document
    for one in (document.takes[0], document.clips[1]):
        window.workspace.select(one.id)


def move_notes_and_take_it_back(window: Window) -> None:
    window.workspace.select(window.workspace.document.takes[0].id)
    page = window.stack.currentWidget()
    assert isinstance(page, ScoreView)
    page.roll.select_all()
    page.editor.nudge(1, 1)
    window.workspace.undo()


def rename_a_take(window: Window) -> None:
    take = window.workspace.document.takes[0]
    window.workspace.do(RenameTake(take.id, f"{take.name} again"))


def open_and_close_the_palette(window: Window) -> None:
    window.open_palette()
    window.palette_view.hide()


@pytest.mark.medium
@pytest.mark.parametrize(
    "act",
    [
        show_every_page,
        select_each_document,
        move_notes_and_take_it_back,
        rename_a_take,
        open_and_close_the_palette,
    ],
)
def test_the_second_time_is_prompt(
    act: Callable[[Window], None], filled: Window, qtbot: QtBot
) -> None:
    act(filled)
    qtbot.waitUntil(lambda: not filled.workspace.background.busy)
    with Watchdog(work_s=PROMPT_S, blocked_s=PROMPT_S) as dog:
        act(filled)
        QApplication.processEvents()

    assert not dog.stalls, "; ".join(map(str, dog.stalls))
