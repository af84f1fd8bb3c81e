"""A user chooses bars, hears other takes of them, and puts one in place; what is locked stays."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from seqstudio.gui.piano_roll.score_view import ScoreView
from seqstudio.gui.piano_roll.tempo_view import TempoDialog
from seqstudio.gui.piano_roll.tracks_view import TracksView
from seqstudio.gui.shell.window_view import Window
from seqstudio.gui.takes.compare_view import CompareDialog
from seqstudio.gui.takes.panel_view import TakesPanel
from seqstudio.media.midi import Score
from seqstudio.session.document import Take
from seqstudio.session.edits import AddTake, MoveNotes
from seqstudio.session.note_array import Notes

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def page(window: Window, qtbot: QtBot, tune: Path) -> ScoreView:
    window.activateWindow()
    window.workspace.import_files([tune])
    qtbot.waitUntil(lambda: window.workspace.take is not None)
    page = window.stack.currentWidget()
    assert isinstance(page, ScoreView)
    qtbot.waitUntil(lambda: page.roll.target is not None and page.panel is not None)
    page.roll_view.setFocus()
    return page


def panel_of(page: ScoreView) -> TakesPanel:
    assert page.panel is not None
    return page.panel


def drag_over_bars(page: ScoreView, first: int, last: int, qtbot: QtBot) -> None:
    start, stop = page.roll.bar_ticks((first, last))
    points = [QPoint(round(page.roll.viewport.x.to_pixel(t)), 30) for t in (start + 60, stop - 60)]
    qtbot.mousePress(page.ruler, LEFT, pos=points[0])
    qtbot.mouseMove(page.ruler, points[1])
    qtbot.mouseRelease(page.ruler, LEFT, pos=points[1])


def inside(page: ScoreView, notes: Notes, first: int, last: int) -> Notes:
    start, stop = page.roll.bar_ticks((first, last))
    return notes.select((notes.onsets >= start) & (notes.onsets < stop))


def add_other_take(page: ScoreView, window: Window) -> Take:
    """Add a take of the tune that is an octave lower throughout, as a job might."""
    old = window.workspace.take
    assert old is not None
    lower = tuple(notes.moved(0, -12) for notes in old.tracks)
    made = {"plugin": "music", "operation": "infill"}
    take = Take(
        id="lower", name="lower", midi=old.midi, tracks=lower, parent=old.id, provenance=made
    )
    window.workspace.do(AddTake(take))
    return take


@pytest.mark.medium
def test_bars_of_a_take_replace_those_of_the_tune_but_not_what_is_locked(
    page: ScoreView, window: Window, qtbot: QtBot
) -> None:
    workspace, roll = window.workspace, page.roll
    before = roll.notes
    drag_over_bars(page, 2, 3, qtbot)
    assert roll.bars == (2, 3)
    locked = inside(page, before, 2, 3)[0]
    roll.select(np.array([list(before).index(locked)]))
    qtbot.keyClick(page.roll_view, Qt.Key.Key_L)
    assert roll.locked == (locked,)
    assert roll.bar_selection is not None
    assert roll.bar_selection.locks == ("2:1/2",)

    qtbot.keyClick(page.roll_view, Qt.Key.Key_Delete)
    assert roll.notes == before
    assert "locked" in page.banner.text

    add_other_take(page, window)
    qtbot.waitUntil(lambda: workspace.selected_id == "lower")
    assert roll.bars == (2, 3)  # the bars stay chosen in its takes
    window.commands.action("takes.use_bars").trigger()

    qtbot.waitUntil(lambda: workspace.selected_id != "lower")
    new = inside(page, roll.notes, 2, 3)
    old = inside(page, before, 2, 3)
    assert locked in new
    assert sorted(n.pitch for n in new if n != locked) == sorted(
        n.pitch - 12 for n in old if n != locked
    )
    assert [n for n in roll.notes if n not in new] == [n for n in before if n not in old]
    assert workspace.document.take("lower").accepted

    qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert roll.notes == before
    assert roll.locked == (locked,)


def test_the_form_is_filled_from_the_chosen_bars(page: ScoreView, qtbot: QtBot) -> None:
    form = panel_of(page).form.model
    at = [one.entry.name for one in form.operations].index("continue")
    form.select(at)
    drag_over_bars(page, 3, 6, qtbot)

    assert form.options.value("bars") == 4
    assert form.bars_text.startswith("On bars 3 to 6.")
    drag_over_bars(page, 1, 2, qtbot)
    assert form.reason == "This goes on from the bars before those chosen: choose later bars."
    qtbot.keyClick(page.roll_view, Qt.Key.Key_Escape)
    assert page.roll.bars is None
    assert "bars" not in form.options.values()


def test_bars_are_chosen_by_keys(page: ScoreView, qtbot: QtBot) -> None:
    page.roll.go_to_note(0)
    qtbot.keyClick(page.roll_view, Qt.Key.Key_B)
    qtbot.keyClick(page.roll_view, Qt.Key.Key_B, Qt.KeyboardModifier.ShiftModifier)
    assert page.roll.bars == (1, 2)
    qtbot.keyClick(page.roll_view, Qt.Key.Key_B, Qt.KeyboardModifier.AltModifier)
    assert page.roll.bars == (1, 1)


def test_tempo_meter_and_instrument_are_changed_heard_and_undone(
    page: ScoreView, window: Window, qtbot: QtBot
) -> None:
    workspace, info, before = window.workspace, page.score.info, window.workspace.take
    assert info is not None
    assert before is not None
    old_meter = info.tempo_map.meter_at(0)
    drag_over_bars(page, 2, 2, qtbot)
    page.show_tempo()
    dialog = page.findChild(TempoDialog)
    assert dialog is not None
    dialog.tempo.setValue(66)
    dialog.beats.setValue(5)
    dialog.accept()
    qtbot.waitUntil(lambda: workspace.undo_title == "Change tempo and meter")
    qtbot.waitUntil(lambda: page.score.info is not None)
    take = workspace.take
    assert take is not None
    score, (start, _) = take.score, page.roll.bar_ticks((2, 2))
    assert score.tempo_map.tempo_at(start).bpm == pytest.approx(66, abs=0.01)
    assert score.tempo_map.meter_at(start).beats == 5
    assert score.tempo_map.meter_at(start - 1) == old_meter
    assert score.tracks[1].notes == page.roll.notes

    page.score.set_program(1, 40)
    qtbot.waitUntil(lambda: workspace.undo_title == "Change the instrument")
    qtbot.waitUntil(lambda: page.score.info is not None)
    assert page.score.rows[1].instrument == "Violin"
    for _ in range(2):
        window.commands.action("session.undo").trigger()
    assert workspace.take is not None
    assert workspace.take == before


def test_half_strength_moves_notes_half_of_the_way(page: ScoreView) -> None:
    roll = page.roll
    first, take = roll.notes[0], page.score.take
    assert take is not None
    roll.do(MoveNotes(take.id, page.score.track, roll.notes.select([0]), 40))
    roll.select_all()
    page.toolbar.strength.setValue(50)
    page.editor.quantise()

    assert roll.notes[0].onset_ticks == first.onset_ticks + 20


def test_a_take_is_exported_as_musicxml_and_opened_again(
    page: ScoreView, window: Window, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = str(tmp_path / "tune"), "MusicXML, compressed (*.mxl)"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: chosen)
    with qtbot.waitSignal(page.score.exported):
        window.commands.action("score.export").trigger()

    written = Score.read(tmp_path / "tune.mxl")
    pitches = [note.pitch for note in page.roll.notes]
    assert [note.pitch for note in written.tracks[1].notes] == pitches
    window.workspace.import_files([tmp_path / "tune.mxl"])
    qtbot.waitUntil(lambda: len(window.workspace.document.takes) == 2)
    assert [note.pitch for note in page.roll.notes] == pitches


def test_takes_are_branched_starred_and_noted(page: ScoreView, window: Window) -> None:
    takes = panel_of(page).model.takes
    window.commands.action("takes.branch").trigger()
    copy = window.workspace.take
    assert copy is not None
    assert copy.parent == window.workspace.document.takes[0].id
    window.commands.action("takes.star").trigger()
    takes.annotate(copy.id, "the ending is better")

    card = takes.current
    assert card is not None
    assert card.take.starred
    assert "with a star" in card.accessible_text
    assert "the ending is better" in card.accessible_text


def test_the_menu_of_a_track_solos_it(page: ScoreView) -> None:
    tracks = page.findChild(TracksView)
    assert tracks is not None
    menu = tracks.menu(1)
    solo = next(action for action in menu.actions() if action.text() == "Solo")
    solo.trigger()
    assert page.score.solo == {1}
    menu.deleteLater()


def test_two_takes_are_compared_side_by_side_with_their_differences(
    page: ScoreView, window: Window, qtbot: QtBot
) -> None:
    add_other_take(page, window)
    qtbot.waitUntil(lambda: window.workspace.selected_id == "lower")
    window.commands.action("takes.compare_side").trigger()
    dialog = page.findChild(CompareDialog)
    assert dialog is not None
    qtbot.waitUntil(lambda: all("not in" in label.text() for label in dialog.texts))

    tune, lower = (label.text() for label in dialog.texts)
    assert tune.startswith("64 notes not in lower")
    assert lower.startswith("64 notes not in greensleeves")
    dialog.reject()


@pytest.mark.medium
def test_bars_are_written_anew_around_a_locked_note_heard_and_put_in_place(
    page: ScoreView, window: Window, qtbot: QtBot
) -> None:
    workspace, roll, panel = window.workspace, page.roll, panel_of(page)
    before, form = roll.notes, panel.form.model
    drag_over_bars(page, 3, 4, qtbot)
    locked = inside(page, before, 3, 4)[0]
    roll.select(np.array([list(before).index(locked)]))
    qtbot.keyClick(page.roll_view, Qt.Key.Key_L)
    form.select([one.entry.name for one in form.operations].index("infill"))
    assert form.options.value("bars") == "3-4"
    assert form.options.value("lock") == ["3:1/2"]
    form.amount.set("takes", 2)
    form.amount.set("seed", 1)
    form.run()
    qtbot.waitUntil(lambda: len(workspace.document.takes) == 3)

    qtbot.waitUntil(lambda: panel.model.takes.usable_bars is not None)
    window.commands.action("takes.use_bars").trigger()
    qtbot.waitUntil(lambda: workspace.take is workspace.document.takes[0])
    after = roll.notes
    assert locked in after
    assert after != before
    outside = [note for note in before if note not in inside(page, before, 3, 4)]
    assert [note for note in after if note not in inside(page, after, 3, 4)] == outside
    window.commands.action("session.undo").trigger()
    assert roll.notes == before
