"""The panel of takes with its list, its keys and an output in memory."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from seqstudio.contracts.notes import Note
from seqstudio.gui.sound.player import Player
from seqstudio.gui.takes.panel_view import TakesPanel
from seqstudio.gui.workspace.commands import Commands
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.session.document import Take
from seqstudio.session.note_array import Notes
from seqstudio.session.operations import AddTake, Together


@pytest.fixture
def panel(workspace: Workspace, speaker: Any, qtbot: QtBot, tune: Path) -> Iterator[TakesPanel]:
    one = Take.of(tune.read_bytes(), "one")
    longer = (one.tracks[0], Notes.of((*one.tracks[1], Note(12_960, 72, 480))), one.tracks[2])
    gone = {"plugin": "parrot", "plugin_version": "1", "operation": "sing"}
    two = replace(one, id="two", name="two", tracks=longer, parent=one.id, record=gone)
    workspace.do(Together("Open", (AddTake(one), AddTake(two))))
    window = QMainWindow()
    player = Player(workspace.background, window, find=lambda: speaker)
    panel = TakesPanel(workspace, Commands(window), player)
    window.setCentralWidget(panel)
    window.resize(340, 760)
    workspace.choose(one.id)
    panel.tabs.setCurrentIndex(0)
    window.show()
    qtbot.waitExposed(window)
    qtbot.waitUntil(lambda: not player.reason and all(card.sketch for card in panel.model.cards))
    yield panel
    window.hide()
    window.deleteLater()


def test_space_plays_and_choosing_another_take_goes_on_with_that(
    panel: TakesPanel, workspace: Workspace, speaker: Any, qtbot: QtBot
) -> None:
    one = workspace.chosen
    seconds: list[float | None] = []
    panel.position.connect(seconds.append)
    panel.list.setFocus()
    qtbot.keyClick(panel.list, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: panel.hearing.sounding == one)
    assert panel.commands.action("takes.hear").text() == "Stop"

    def heard() -> bool:
        speaker.sound(0.25)
        return panel.hearing.position_s > 1

    qtbot.waitUntil(heard)
    qtbot.keyClick(panel.list, Qt.Key.Key_Down)
    assert workspace.chosen == "two"
    at_s = panel.hearing.position_s
    qtbot.waitUntil(lambda: panel.hearing.sounding == "two")
    assert panel.hearing.position_s >= at_s > 1
    assert max(second for second in seconds if second) > 1

    qtbot.keyClick(panel.list, Qt.Key.Key_Space)
    assert panel.hearing.sounding == ""
    assert seconds[-1] is None


def test_a_take_of_a_missing_plugin_says_so_and_is_not_made_again(
    panel: TakesPanel, workspace: Workspace
) -> None:
    workspace.choose("two")
    assert "sing (parrot 1), which is not installed" in panel.page.facts.text()
    assert panel.page.facts.text().endswith("Make again: Plugin parrot is not installed.")
    panel.commands.refresh()
    assert not panel.commands.action("takes.again").isEnabled()
    assert panel.commands.action("takes.accept").isEnabled()


def test_takes_are_copied_as_files_as_edited(panel: TakesPanel, workspace: Workspace) -> None:
    panel.list.selectAll()
    panel.commands.action("takes.copy").trigger()
    urls = QGuiApplication.clipboard().mimeData().urls()
    files = [Path(url.toLocalFile()) for url in urls]
    assert [file.name for file in files] == ["one.mid", "two.mid"]
    assert [file.read_bytes() for file in files] == [
        take.score.to_bytes() for take in workspace.document.takes
    ]
    QGuiApplication.clipboard().clear()


def test_on_one_axis_all_pictures_begin_and_end_alike(panel: TakesPanel) -> None:
    apart = panel.list.grab().toImage()
    panel.commands.action("takes.compare").trigger()
    assert panel.list.cards.longest == pytest.approx(30.0)  # beats: ten bars of six eighths
    assert panel.list.grab().toImage() != apart


def test_who_hears_the_screen_is_told_all_that_a_card_shows(panel: TakesPanel) -> None:
    row = panel.list.rows.index(1)
    spoken = panel.list.rows.data(row, Qt.ItemDataRole.AccessibleTextRole)
    size, news = "10 bars · 65 notes · 11.2 s", "1 note new from bar 10"
    assert spoken == f"two, not accepted, {size}, plugin not installed, {news}"
