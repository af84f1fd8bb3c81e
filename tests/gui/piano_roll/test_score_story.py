from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from seqstudio.contracts.notes import Note
from seqstudio.gui.piano_roll.score_view import ScoreView
from seqstudio.gui.piano_roll.tracks_view import AUDIBLE, VISIBLE, TracksView
from seqstudio.gui.shell.window_view import Window
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.media.midi import Score
from seqstudio.session.document import Take
from seqstudio.session.edits import AddTake
from seqstudio.session.note_array import Notes
from seqstudio.session.session import Session

Keys = Qt.KeyboardModifier
LEFT = Qt.MouseButton.LeftButton
EIGHTH = 240


class User:
    """A user of the score page, with a mouse and a keyboard."""

    def __init__(self, page: ScoreView, qtbot: QtBot) -> None:
        self.page, self.qtbot = page, qtbot
        page.roll_view.setFocus()

    @property
    def notes(self) -> Notes:
        return self.page.roll.notes

    @property
    def selected(self) -> Notes:
        return self.page.roll.selected_notes

    def at(self, tick: float, pitch: int) -> QPoint:
        viewport = self.page.roll.viewport
        y = viewport.row_top(pitch) + viewport.row_height / 2
        return QPoint(round(viewport.x.to_pixel(tick)), round(y))

    def on(self, note: Note) -> QPoint:
        return self.at(note.onset_ticks + note.length_ticks / 2, note.pitch)

    def click(self, note: Note, keys: Keys = Keys.NoModifier) -> None:
        self.qtbot.mouseClick(self.page.roll_view, LEFT, keys, self.on(note))

    def drag(self, start: QPoint, end: QPoint) -> None:
        self.qtbot.mousePress(self.page.roll_view, LEFT, pos=start)
        self.qtbot.mouseMove(self.page.roll_view, (start + end) / 2)
        self.qtbot.mouseMove(self.page.roll_view, end)
        self.qtbot.mouseRelease(self.page.roll_view, LEFT, pos=end)

    def type(self, key: Qt.Key, keys: Keys = Keys.NoModifier) -> None:
        self.qtbot.keyClick(self.page.roll_view, key, keys)


@pytest.fixture
def user(window: Window, qtbot: QtBot, tune: Path) -> User:
    window.activateWindow()
    window.workspace.import_files([tune])
    qtbot.waitUntil(lambda: window.workspace.take is not None)
    page = window.stack.currentWidget()
    assert isinstance(page, ScoreView)
    qtbot.waitUntil(lambda: page.roll.target is not None)
    return User(page, qtbot)


@pytest.mark.medium
def test_a_tune_is_edited_by_mouse_and_keys_exported_and_reopened(
    user: User, window: Window, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, page, before = window.workspace, user.page, user.notes
    first, second = before[:2]

    user.click(first)
    user.click(second, Keys.ShiftModifier)
    assert user.selected == (first, second)
    assert page.status.text() == "2 of 37 notes selected"

    user.drag(user.on(first), user.on(first) + QPoint(0, -user.on(first).y() // 4))
    raised = user.selected[0].pitch - first.pitch
    assert raised > 0
    assert [note.pitch - raised for note in user.selected] == [first.pitch, second.pitch]
    qtbot.keyClick(window, Qt.Key.Key_Z, Keys.ControlModifier)
    assert user.notes == before

    user.type(Qt.Key.Key_2)
    empty = user.at(EIGHTH, first.pitch + 3)
    qtbot.mouseClick(page.roll_view, LEFT, pos=empty)
    drawn = user.selected[0]
    assert (drawn.onset_ticks, drawn.pitch) == (EIGHTH, first.pitch + 3)
    assert len(user.notes) == 38

    user.type(Qt.Key.Key_Up, Keys.ControlModifier)
    assert user.selected[0].velocity == min(drawn.velocity + 8, 127)
    user.type(Qt.Key.Key_1)
    user.click(before[5])
    user.type(Qt.Key.Key_Delete)
    assert len(user.notes) == 37
    assert before[5] not in user.notes

    lane = page.velocity_view
    x = round(page.roll.viewport.x.to_pixel(before[7].onset_ticks))
    qtbot.mouseClick(lane, LEFT, pos=QPoint(x, lane.height() - 10))
    assert next(n for n in user.notes if n.onset_ticks == before[7].onset_ticks).velocity < 30

    target = tmp_path / "out.mid"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    with qtbot.waitSignal(page.score.exported):
        qtbot.keyClick(window, Qt.Key.Key_E, Keys.ControlModifier | Keys.ShiftModifier)
    assert Score.read(target).tracks[1].notes == user.notes
    assert page.status.text() == f"Saved to {target}"

    edited, path = workspace.document, tmp_path / "tune.seqstudio"
    assert workspace.save_as(path)
    with qtbot.waitSignal(workspace.session_closed):
        workspace.new_session()
    with Session.open(path) as reopened:
        assert reopened.document == edited


def test_notes_are_selected_changed_and_added_without_a_mouse(user: User, window: Window) -> None:
    before = user.notes
    user.type(Qt.Key.Key_Right, Keys.AltModifier)
    assert (
        user.page.roll_view.accessibleDescription() == "A4, bar 1 beat 6, length 1/8, velocity 92"
    )
    user.type(Qt.Key.Key_Right, Keys.AltModifier)
    user.type(Qt.Key.Key_Up)
    user.type(Qt.Key.Key_Right, Keys.ControlModifier)
    changed = user.selected[0]
    assert changed.pitch == before[1].pitch + 1
    assert changed.length_ticks == before[1].length_ticks + EIGHTH // 2

    user.type(Qt.Key.Key_A, Keys.ControlModifier)
    assert len(user.selected) == 37
    user.type(Qt.Key.Key_Escape)
    user.type(Qt.Key.Key_Down, Keys.ShiftModifier)
    user.type(Qt.Key.Key_Insert)
    assert user.selected[0].pitch == changed.pitch - 12
    user.type(Qt.Key.Key_Backspace)
    assert len(user.notes) == 37


def test_escape_cancels_a_drag(user: User, window: Window, qtbot: QtBot) -> None:
    steps, note = window.workspace.session.steps, user.notes[0]
    qtbot.mousePress(user.page.roll_view, LEFT, pos=user.on(note))
    qtbot.mouseMove(user.page.roll_view, user.on(note) + QPoint(80, 40))
    user.type(Qt.Key.Key_Escape)
    qtbot.mouseRelease(user.page.roll_view, LEFT, pos=user.on(note))
    assert window.workspace.session.steps == steps


@pytest.mark.medium
def test_the_roll_is_scrolled_and_zoomed(user: User, qtbot: QtBot) -> None:
    page, viewport = user.page, user.page.roll.viewport
    user.type(Qt.Key.Key_Plus)
    user.type(Qt.Key.Key_Plus)
    span = viewport.x.span
    page.horizontal_bar.setValue(100)
    assert viewport.x.to_pixel(0) == pytest.approx(-100)
    user.type(Qt.Key.Key_Minus)
    assert viewport.x.span == pytest.approx(span * 1.5)
    page.vertical_bar.setValue(0)
    assert viewport.pitch_at(0) == 128
    user.type(Qt.Key.Key_0, Keys.ControlModifier)
    assert viewport.x.start == pytest.approx(0, abs=1e-6)
    assert viewport.x.stop >= 12960


@pytest.mark.medium
def test_the_track_and_the_tool_are_selected_in_the_toolbar(user: User, qtbot: QtBot) -> None:
    bar = user.page.toolbar
    bar.track.setFocus()
    qtbot.keyClick(bar.track, Qt.Key.Key_Down)
    assert bar.track.currentText() == "Chords"
    assert user.page.score.track == 2
    qtbot.mouseClick(bar.tools["draw"], LEFT)
    assert user.page.roll.tool == "draw"


def test_ticked_tracks_are_visible_and_audible(user: User, qtbot: QtBot) -> None:
    page = user.page
    qtbot.waitUntil(lambda: page.panel is not None)
    assert page.panel
    page.panel.tabs.setCurrentIndex(2)
    tracks = page.panel.tabs.currentWidget()
    assert isinstance(tracks, TracksView)
    chords = tracks.list.topLevelItem(2)
    assert chords
    muted: list[frozenset[int]] = []
    page.score.silent_changed.connect(muted.append)
    chords.setCheckState(VISIBLE, Qt.CheckState.Unchecked)
    chords.setCheckState(AUDIBLE, Qt.CheckState.Unchecked)
    assert len(page.roll.others) == 0
    assert muted == [frozenset({2})]

    tracks.list.setCurrentItem(chords)
    assert page.toolbar.track.currentText() == "Chords"
    assert chords.checkState(VISIBLE) == Qt.CheckState.Checked  # the edited track is visible


def test_a_click_on_the_ruler_moves_the_cursor_and_the_playback(user: User, qtbot: QtBot) -> None:
    page = user.page
    qtbot.waitUntil(lambda: page.panel is not None)
    assert page.panel
    x = round(page.roll.viewport.x.to_pixel(1440))
    qtbot.mouseClick(page.ruler, LEFT, pos=QPoint(x, 20))
    assert page.roll.cursor[0] == 1440
    assert page.panel.model.playback.position_s == pytest.approx(1.2)


def test_the_page_works_without_a_take_and_with_an_empty_one(window: Window, qtbot: QtBot) -> None:
    page = window.show_page("score")
    assert isinstance(page, ScoreView)
    assert page.empty_label.isVisible()
    assert page.empty_label.text().startswith("No take is open")

    take = Take.of(Score.new().to_bytes(), "empty")
    window.workspace.do(AddTake(take))
    window.workspace.select(take.id)
    qtbot.waitUntil(lambda: page.roll.target is not None)
    assert page.status.text().startswith("This track has no notes")
    page.roll_view.setFocus()
    qtbot.keyClick(page.roll_view, Qt.Key.Key_Insert)
    assert len(page.roll.notes) == 1


@pytest.fixture(scope="module")
def long_piece() -> Take:
    notes = [Note(at * 240, 40 + at % 47, 50) for at in range(5000)]
    return Take.of(Score.new(meter=(7, 8)).with_new_track(notes).to_bytes(), "long")


@pytest.mark.medium
def test_a_long_piece_in_an_odd_meter_is_drawn_and_edited_without_a_stall(
    long_piece: Take, window: Window, workspace: Workspace, qtbot: QtBot
) -> None:
    workspace.do(AddTake(long_piece))
    workspace.select(long_piece.id)
    page = window.stack.currentWidget()
    assert isinstance(page, ScoreView)
    qtbot.waitUntil(lambda: page.roll.target is not None)
    page.roll.fit()
    page.grab()
    page.roll.go_to_note(-1)
    page.editor.nudge(1, 0)
    page.grab()
    assert page.status.text().startswith("A3, bar 715 beat 2.5, ")
