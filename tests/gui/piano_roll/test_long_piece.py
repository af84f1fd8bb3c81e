"""Edits all notes of a long piece at once while the window's watchdog checks for stalls."""

import pytest
from pytestqt.qtbot import QtBot

from seqstudio.contracts.notes import Note
from seqstudio.gui.piano_roll.score_view import ScoreView
from seqstudio.gui.shell.window_view import Window
from seqstudio.media.midi import Score
from seqstudio.session.document import Take
from seqstudio.session.edits import AddTake

NOTES = 50_000


@pytest.fixture(scope="module")
def piece() -> Take:
    notes = [Note(n // 2 * 120, 48 + n % 2 * 12 + n % 7, 110, 64) for n in range(NOTES)]
    return Take.of(Score.new().with_new_track(notes).to_bytes(), "long")


@pytest.mark.medium
def test_all_notes_of_a_long_piece_are_edited_at_once(
    piece: Take, window: Window, qtbot: QtBot
) -> None:
    workspace = window.workspace
    workspace.do(AddTake(piece))
    workspace.select(piece.id)
    page = window.stack.currentWidget()
    assert isinstance(page, ScoreView)
    qtbot.waitUntil(lambda: page.roll.target is not None and not workspace.background.busy)
    roll, before = page.roll, page.roll.notes

    for edit in (
        lambda: page.editor.nudge(1, 1),
        lambda: page.editor.change_velocity(8),
        lambda: page.editor.change_length(1),
    ):
        roll.select_all()
        edit()
        qtbot.wait(1)
        assert len(roll.selected) == NOTES
    assert roll.notes == before.moved(120, 1).with_field("velocity", 72).with_field(
        "length_ticks", 230
    )
    for _ in range(3):
        workspace.undo()
        qtbot.wait(1)
    assert roll.notes == before == piece.tracks[1]
