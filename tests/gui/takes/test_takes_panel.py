"""The takes panel with its list and keys, and a sound output in memory."""

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
from seqstudio.gui.sound.transport import Transport
from seqstudio.gui.takes.panel_view import TakesPanel
from seqstudio.gui.workspace.commands import Commands
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.session.document import Take
from seqstudio.session.edits import AddTake, CompoundEdit
from seqstudio.session.note_array import Notes


@pytest.fixture
def panel(workspace: Workspace, speaker: Any, qtbot: QtBot, tune: Path) -> Iterator[TakesPanel]:
    one = Take.of(tune.read_bytes(), "one")
    longer = (one.tracks[0], Notes.of((*one.tracks[1], Note(12_960, 72, 480))), one.tracks[2])
    gone = {"plugin": "parrot", "plugin_version": "1", "operation": "sing"}
    two = replace(one, id="two", name="two", tracks=longer, parent=one.id, provenance=gone)
    workspace.do(CompoundEdit("Open", (AddTake(one), AddTake(two))))
    window = QMainWindow()
    player = Player(workspace.background, window, find=lambda: speaker)
    panel = TakesPanel(workspace, Commands(window), Transport(workspace, player))
    window.setCentralWidget(panel)
    window.resize(340, 760)
    workspace.select(one.id)
    panel.tabs.setCurrentIndex(0)
    window.show()
    qtbot.waitExposed(window)
    qtbot.waitUntil(
        lambda: not player.reason and all(card.summary for card in panel.model.takes.cards)
    )
    yield panel
    window.hide()
    window.deleteLater()


@pytest.mark.medium
def test_the_transport_plays_and_selecting_another_take_continues_with_it(
    panel: TakesPanel, workspace: Workspace, speaker: Any, qtbot: QtBot
) -> None:
    one = workspace.selected_id
    seconds: list[float | None] = []
    panel.model.position_changed.connect(seconds.append)
    panel.list.setFocus()
    transport = workspace.findChild(Transport)
    assert isinstance(transport, Transport)
    transport.toggle()
    assert transport.title == "one: preparing the sound…"
    qtbot.waitUntil(lambda: panel.model.playback.playing_id == one)
    assert (transport.title, transport.length_s) == ("one", pytest.approx(10.8, abs=0.1))

    def played() -> bool:
        speaker.sound(0.25)
        return panel.model.playback.position_s > 1

    qtbot.waitUntil(played)
    qtbot.keyClick(panel.list, Qt.Key.Key_Down)
    assert workspace.selected_id == "two"
    at_s = panel.model.playback.position_s
    qtbot.waitUntil(lambda: panel.model.playback.playing_id == "two")
    assert panel.model.playback.position_s >= at_s > 1
    assert max(second for second in seconds if second) > 1

    transport.toggle()
    assert panel.model.playback.playing_id == ""
    assert seconds[-1] is None


def test_a_take_of_a_missing_plugin_says_so_and_cannot_be_generated_again(
    panel: TakesPanel, workspace: Workspace
) -> None:
    workspace.select("two")
    assert "sing (parrot 1), which is not installed" in panel.page.facts.text()
    assert panel.page.facts.text().endswith("Generate again: Plugin parrot is not installed.")
    panel.commands.refresh()
    assert not panel.commands.action("takes.rerun").isEnabled()
    assert panel.commands.action("takes.accept").isEnabled()


def test_takes_are_copied_as_edited_files(panel: TakesPanel, workspace: Workspace) -> None:
    panel.list.selectAll()
    panel.commands.action("takes.copy").trigger()
    urls = QGuiApplication.clipboard().mimeData().urls()
    files = [Path(url.toLocalFile()) for url in urls]
    assert [file.name for file in files] == ["one.mid", "two.mid"]
    assert [file.read_bytes() for file in files] == [
        take.score.to_bytes() for take in workspace.document.takes
    ]
    QGuiApplication.clipboard().clear()


def test_compared_thumbnails_share_one_time_axis(panel: TakesPanel) -> None:
    separate = panel.list.grab().toImage()
    panel.commands.action("takes.compare").trigger()
    assert panel.list.delegate.longest == pytest.approx(30.0)  # beats: ten bars of six eighths
    assert panel.list.grab().toImage() != separate


def test_a_screen_reader_gets_all_texts_of_a_card(panel: TakesPanel) -> None:
    row = panel.list.rows.index(1)
    text = panel.list.rows.data(row, Qt.ItemDataRole.AccessibleTextRole)
    size, changes = "10 bars · 65 notes · 11.2 s", "1 new note from bar 10"
    assert text == f"two, not accepted, {size}, plugin not installed, {changes}"
