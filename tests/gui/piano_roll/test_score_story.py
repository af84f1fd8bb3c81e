from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from seqstudio.contracts.notes import Note
from seqstudio.gui.piano_roll.score_view import ScoreView
from seqstudio.gui.piano_roll.tracks_view import HEARD, SHOWN, TracksView
from seqstudio.gui.shell.window import Window
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.media.midi import Score
from seqstudio.session.document import Take
from seqstudio.session.note_array import Notes
from seqstudio.session.operations import AddTake
from seqstudio.session.session import Session

Keys = Qt.KeyboardModifier
LEFT = Qt.MouseButton.LeftButton
EIGHTH = 240


class Player:
    """A person at the score page, with a mouse and a keyboard."""

    def __init__(self, page: ScoreView, qtbot: QtBot) -> None:
        self.page, self.qtbot = page, qtbot
        page.notes.setFocus()

    @property
    def notes(self) -> Notes:
        return self.page.roll.notes

    @property
    def chosen(self) -> Notes:
        return self.page.roll.selected_notes

    def at(self, tick: float, pitch: int) -> QPoint:
        sight = self.page.roll.sight
        y = sight.y_of(pitch) + sight.row_height / 2
        return QPoint(round(sight.x.to_pixel(tick)), round(y))

    def on(self, note: Note) -> QPoint:
        return self.at(note.onset_ticks + note.length_ticks / 2, note.pitch)

    def click(self, note: Note, keys: Keys = Keys.NoModifier) -> None:
        self.qtbot.mouseClick(self.page.notes, LEFT, keys, self.on(note))

    def drag(self, start: QPoint, end: QPoint) -> None:
        self.qtbot.mousePress(self.page.notes, LEFT, pos=start)
        self.qtbot.mouseMove(self.page.notes, (start + end) / 2)
        self.qtbot.mouseMove(self.page.notes, end)
        self.qtbot.mouseRelease(self.page.notes, LEFT, pos=end)

    def type(self, key: Qt.Key, keys: Keys = Keys.NoModifier) -> None:
        self.qtbot.keyClick(self.page.notes, key, keys)


@pytest.fixture
def player(window: Window, qtbot: QtBot, tune: Path) -> Player:
    window.activateWindow()
    window.workspace.bring_in([tune])
    qtbot.waitUntil(lambda: window.workspace.take is not None)
    page = window.stack.currentWidget()
    assert isinstance(page, ScoreView)
    qtbot.waitUntil(lambda: page.roll.place is not None)
    return Player(page, qtbot)


def test_a_tune_is_edited_by_mouse_and_keys_exported_and_found_again(
    player: Player, window: Window, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, page, before = window.workspace, player.page, player.notes
    first, second = before[:2]

    player.click(first)
    player.click(second, Keys.ShiftModifier)
    assert player.chosen == (first, second)
    assert page.status.text() == "2 of 37 notes chosen"

    player.drag(player.on(first), player.on(first) + QPoint(0, -player.on(first).y() // 4))
    raised = player.chosen[0].pitch - first.pitch
    assert raised > 0
    assert [note.pitch - raised for note in player.chosen] == [first.pitch, second.pitch]
    qtbot.keyClick(window, Qt.Key.Key_Z, Keys.ControlModifier)
    assert player.notes == before

    player.type(Qt.Key.Key_2)
    empty = player.at(EIGHTH, first.pitch + 3)
    qtbot.mouseClick(page.notes, LEFT, pos=empty)
    drawn = player.chosen[0]
    assert (drawn.onset_ticks, drawn.pitch) == (EIGHTH, first.pitch + 3)
    assert len(player.notes) == 38

    player.type(Qt.Key.Key_Up, Keys.ControlModifier)
    assert player.chosen[0].velocity == min(drawn.velocity + 8, 127)
    player.type(Qt.Key.Key_1)
    player.click(before[5])
    player.type(Qt.Key.Key_Delete)
    assert len(player.notes) == 37
    assert before[5] not in player.notes

    lane = page.velocities
    x = round(page.roll.sight.x.to_pixel(before[7].onset_ticks))
    qtbot.mouseClick(lane, LEFT, pos=QPoint(x, lane.height() - 10))
    assert next(n for n in player.notes if n.onset_ticks == before[7].onset_ticks).velocity < 30

    target = tmp_path / "out.mid"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    with qtbot.waitSignal(page.score.exported):
        qtbot.keyClick(window, Qt.Key.Key_E, Keys.ControlModifier | Keys.ShiftModifier)
    assert Score.read(target).tracks[1].notes == player.notes
    assert page.status.text() == f"Written to {target}"

    edited, path = workspace.document, tmp_path / "tune.seqstudio"
    assert workspace.save_as(path)
    with qtbot.waitSignal(workspace.session_left):
        workspace.new_session()
    with Session.open(path) as again:
        assert again.document == edited


def test_notes_are_found_changed_and_written_without_a_mouse(
    player: Player, window: Window
) -> None:
    before = player.notes
    player.type(Qt.Key.Key_Right, Keys.AltModifier)
    assert player.page.notes.accessibleDescription() == "A4, bar 1 beat 6, length 1/8, velocity 92"
    player.type(Qt.Key.Key_Right, Keys.AltModifier)
    player.type(Qt.Key.Key_Up)
    player.type(Qt.Key.Key_Right, Keys.ControlModifier)
    changed = player.chosen[0]
    assert changed.pitch == before[1].pitch + 1
    assert changed.length_ticks == before[1].length_ticks + EIGHTH // 2

    player.type(Qt.Key.Key_A, Keys.ControlModifier)
    assert len(player.chosen) == 37
    player.type(Qt.Key.Key_Escape)
    player.type(Qt.Key.Key_Down, Keys.ShiftModifier)
    player.type(Qt.Key.Key_Insert)
    assert player.chosen[0].pitch == changed.pitch - 12
    player.type(Qt.Key.Key_Backspace)
    assert len(player.notes) == 37


def test_a_drag_is_dropped_by_escape(player: Player, window: Window, qtbot: QtBot) -> None:
    steps, note = window.workspace.session.steps, player.notes[0]
    qtbot.mousePress(player.page.notes, LEFT, pos=player.on(note))
    qtbot.mouseMove(player.page.notes, player.on(note) + QPoint(80, 40))
    player.type(Qt.Key.Key_Escape)
    qtbot.mouseRelease(player.page.notes, LEFT, pos=player.on(note))
    assert window.workspace.session.steps == steps


def test_the_roll_is_scrolled_and_zoomed(player: Player, qtbot: QtBot) -> None:
    page, sight = player.page, player.page.roll.sight
    player.type(Qt.Key.Key_Plus)
    player.type(Qt.Key.Key_Plus)
    span = sight.x.span
    page.across.setValue(100)
    assert sight.x.to_pixel(0) == pytest.approx(-100)
    player.type(Qt.Key.Key_Minus)
    assert sight.x.span == pytest.approx(span * 1.5)
    page.upwards.setValue(0)
    assert sight.pitch_at(0) == 128
    player.type(Qt.Key.Key_0, Keys.ControlModifier)
    assert sight.x.start == pytest.approx(0, abs=1e-6)
    assert sight.x.stop >= 12960


def test_the_track_and_the_tool_are_chosen_in_the_bar(player: Player, qtbot: QtBot) -> None:
    bar = player.page.bar
    bar.track.setFocus()
    qtbot.keyClick(bar.track, Qt.Key.Key_Down)
    assert bar.track.currentText() == "Chords"
    assert player.page.score.track == 2
    qtbot.mouseClick(bar.tools["draw"], LEFT)
    assert player.page.roll.tool == "draw"


def test_tracks_are_shown_and_heard_as_ticked(player: Player, qtbot: QtBot) -> None:
    page = player.page
    qtbot.waitUntil(lambda: page.panel is not None)
    assert page.panel
    page.panel.tabs.setCurrentIndex(2)
    tracks = page.panel.tabs.currentWidget()
    assert isinstance(tracks, TracksView)
    chords = tracks.list.topLevelItem(2)
    assert chords
    heard: list[frozenset[int]] = []
    page.score.muted_changed.connect(heard.append)
    chords.setCheckState(SHOWN, Qt.CheckState.Unchecked)
    chords.setCheckState(HEARD, Qt.CheckState.Unchecked)
    assert len(page.roll.others) == 0
    assert heard == [frozenset({2})]

    tracks.list.setCurrentItem(chords)
    assert page.bar.track.currentText() == "Chords"
    assert chords.checkState(SHOWN) == Qt.CheckState.Checked  # what is edited is seen


def test_a_press_on_the_ruler_sends_cursor_and_sound_there(player: Player, qtbot: QtBot) -> None:
    page = player.page
    qtbot.waitUntil(lambda: page.panel is not None)
    assert page.panel
    x = round(page.roll.sight.x.to_pixel(1440))
    qtbot.mouseClick(page.ruler, LEFT, pos=QPoint(x, 20))
    assert page.roll.cursor[0] == 1440
    assert page.panel.hearing.position_s == pytest.approx(1.2)


def test_the_page_stands_without_a_take_and_with_an_empty_one(window: Window, qtbot: QtBot) -> None:
    page = window.show_page("score")
    assert isinstance(page, ScoreView)
    assert page.nothing.isVisible()
    assert page.nothing.text().startswith("No take is open")

    take = Take.of(Score.new().to_bytes(), "empty")
    window.workspace.do(AddTake(take))
    window.workspace.choose(take.id)
    qtbot.waitUntil(lambda: page.roll.place is not None)
    assert page.status.text().startswith("No notes in this track")
    page.notes.setFocus()
    qtbot.keyClick(page.notes, Qt.Key.Key_Insert)
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
    workspace.choose(long_piece.id)
    page = window.stack.currentWidget()
    assert isinstance(page, ScoreView)
    qtbot.waitUntil(lambda: page.roll.place is not None)
    page.roll.fit()
    page.grab()
    page.roll.go_to_note(-1)
    page.editor.nudge(1, 0)
    page.grab()
    assert page.status.text().startswith("A3, bar 715 beat 2.5, ")
