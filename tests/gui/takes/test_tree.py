"""The takes of a piece as a tree, and bars of one put into another."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from seqstudio.contracts.notes import Note
from seqstudio.gui.operations.bar_selection import BarSelection
from seqstudio.gui.sound.devices import SoundError
from seqstudio.gui.sound.output import Output
from seqstudio.gui.sound.player import Player
from seqstudio.gui.sound.transport import Transport
from seqstudio.gui.takes.card import TakeCard
from seqstudio.gui.takes.lineage import related_takes
from seqstudio.gui.takes.merge_view import MergeDialog
from seqstudio.gui.takes.panel_view import TakesPanel
from seqstudio.gui.takes.tree import neighbour, place_takes
from seqstudio.gui.takes.tree_view import TreeDialog
from seqstudio.gui.workspace.commands import Commands
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.media.midi import Score
from seqstudio.session.document import Take
from seqstudio.session.edits import AddTake

CONTINUED = {"plugin": "music", "operation": "continue"}
BAR = 4 * 480  # ticks


def silence() -> Output:
    raise SoundError("no device")


def piece(id: str, parent: str = "", *pitches: int, **fields: Any) -> Take:
    """A take with a note in each bar."""
    notes = [Note(bar * BAR, pitch, 480) for bar, pitch in enumerate(pitches)]
    score = Score.new().with_new_track(notes)
    return replace(Take.of(score.to_bytes(), id, **fields), id=id, parent=parent)


@pytest.fixture
def tree(workspace: Workspace) -> Workspace:
    """A tune, two continuations of it, and a branch of the first."""
    workspace.do(AddTake(piece("tune", "", 60, 62)))
    workspace.do(AddTake(piece("one", "tune", 60, 62, 64, 65, provenance=CONTINUED)))
    workspace.do(AddTake(piece("two", "tune", 60, 62, 70, 71, provenance=CONTINUED)))
    workspace.do(AddTake(piece("copy", "one", 60, 62, 64, 65, starred=True, note="softer")))
    workspace.select("tune")
    return workspace


@pytest.fixture
def panel(tree: Workspace, qtbot: QtBot) -> Iterator[TakesPanel]:
    window = QMainWindow()
    commands = Commands(window)
    transport = Transport(tree, Player(tree.background, window, find=silence))
    panel = TakesPanel(tree, commands, transport)
    window.setCentralWidget(panel)
    window.resize(1024, 640)
    window.show()
    qtbot.waitExposed(window)
    qtbot.waitUntil(lambda: all(card.summary for card in panel.model.takes.cards))
    yield panel
    window.hide()
    window.deleteLater()


def test_each_take_stands_a_column_after_the_one_that_it_was_made_from(tree: Workspace) -> None:
    nodes = related_takes(tree.document, "tune")
    cards = [TakeCard(node.take, node.depth, "", None) for node in nodes]
    placed = place_takes(cards, tree.studio.catalogue)

    assert [(one.id, one.column, one.row, one.how, one.marks) for one in placed] == [
        ("tune", 0, 0, "New", ""),
        ("one", 1, 0, "Continue a piece", ""),
        ("copy", 2, 0, "Branch", "★"),
        ("two", 1, 1, "Continue a piece", ""),
    ]
    steps = [("tune", 1, 0, "one"), ("one", 0, 1, "two"), ("copy", -1, 0, "one"),
             ("copy", 0, 1, "two"), ("two", 1, 0, "two")]  # fmt: skip
    for start, columns, rows, end in steps:
        assert neighbour(placed, start, columns, rows) == end


def test_the_tree_selects_marks_and_branches_takes(
    panel: TakesPanel, tree: Workspace, qtbot: QtBot
) -> None:
    panel.commands.action("takes.tree").trigger()
    dialog = panel.findChild(TreeDialog)
    assert isinstance(dialog, TreeDialog)
    takes = dialog.canvas.takes
    assert list(takes) == ["tune", "one", "copy", "two"]
    assert "with a star" in takes["copy"].accessibleName()
    assert "softer" in takes["copy"].accessibleName()

    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down):
        qtbot.keyClick(takes[tree.selected_id], key)
    assert tree.selected_id == "two"
    panel.commands.action("takes.star").trigger()
    assert takes["two"].placed.marks == "★"
    panel.commands.action("takes.branch").trigger()
    added = takes[tree.selected_id].placed
    assert (added.parent, added.how, added.column) == ("two", "Branch", 2)
    tree.undo()
    assert len(takes) == 4
    dialog.reject()


def test_bars_of_a_take_are_put_into_any_other_and_back_in_one_step(
    panel: TakesPanel, tree: Workspace, qtbot: QtBot
) -> None:
    tree.select("two")
    before = tree.document.take("copy").tracks
    panel.commands.action("takes.merge").trigger()
    dialog = panel.findChild(MergeDialog)
    assert isinstance(dialog, MergeDialog)
    assert (dialog.first.value(), dialog.last.value()) == (3, 4)  # its new bars
    assert dialog.into.currentText() == "tune"
    dialog.into.setCurrentText("copy")
    dialog.last.setValue(3)
    dialog.accept()
    qtbot.waitUntil(lambda: tree.selected_id == "copy")

    pitches = [note.pitch for note in tree.document.take("copy").tracks[1]]
    assert pitches == [60, 62, 70, 65]
    assert not tree.document.take("two").accepted
    tree.undo()
    assert tree.document.take("copy").tracks == before


def test_bars_that_are_the_same_are_not_put_into_another(
    panel: TakesPanel, tree: Workspace, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(panel.model.failed) as emitted:
        panel.model.takes.merge("one", BarSelection(1, 2))
    assert emitted.args == ["bars 1 to 2 of tune: as in one, expected other notes"]
