from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from seqstudio.contracts.notes import Note
from seqstudio.gui.piano_roll.editor import Editor
from seqstudio.gui.piano_roll.model import RollModel
from seqstudio.gui.piano_roll.mouse import Hand, Held
from seqstudio.gui.piano_roll.score import ScoreModel
from seqstudio.gui.piano_roll.snap_grid import GRIDS
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.media.midi import Score
from seqstudio.session.document import Take
from seqstudio.session.operations import AddTake

BEAT = 480
SCALE = (60, 62, 64, 65, 67)  # one note a beat
WIDTH, HEIGHT = 800, 640


def take_of(notes: list[Note], *, channel: int = 0) -> Take:
    score = Score.new().with_new_track(notes, name="Tune", channel=channel)
    return Take.of(score.to_bytes(), "tune")


@pytest.fixture
def model(workspace: Workspace, qtbot: QtBot) -> RollModel:
    notes = [Note(at * BEAT, pitch, BEAT - 80, 80) for at, pitch in enumerate(SCALE)]
    model = RollModel(workspace, ScoreModel(workspace, workspace), workspace)
    show(workspace, qtbot, model, take_of(notes))
    return model


@pytest.fixture
def hand(model: RollModel) -> Hand:
    return Hand(model)


@pytest.fixture
def editor(model: RollModel) -> Editor:
    return Editor(model)


def show(workspace: Workspace, qtbot: QtBot, model: RollModel, take: Take) -> None:
    workspace.do(AddTake(take))
    workspace.choose(take.id)
    qtbot.waitUntil(lambda: model.sheet is not None)
    model.sight.resize(WIDTH, HEIGHT)


def pixel(model: RollModel, tick: float, pitch: float) -> tuple[float, float]:
    """Give the middle of a key's row at a tick."""
    sight = model.sight
    return sight.x.to_pixel(tick), sight.y_of(pitch) + sight.row_height / 2


def drag(
    hand: Hand, model: RollModel, start: tuple[float, float], end: tuple[float, float], held: Held
) -> None:
    hand.press(*pixel(model, *start), held)
    hand.drag(*pixel(model, *end))


def steps(workspace: Workspace) -> int:
    return workspace.session.steps


def test_notes_are_seen_at_once_and_edited_once_the_bars_are_known(
    workspace: Workspace, qtbot: QtBot
) -> None:
    model = RollModel(workspace, ScoreModel(workspace, workspace), workspace)
    take = take_of([Note(0, 60, 10)])
    workspace.do(AddTake(take))
    workspace.choose(take.id)

    assert len(model.index) == 1
    assert model.place is None
    assert model.described == "Reading…"
    qtbot.waitUntil(lambda: model.place is not None)


def test_a_click_chooses_one_and_shift_more(model: RollModel, hand: Hand) -> None:
    for tick, held in ((10, Held()), (BEAT + 10, Held(add=True))):
        hand.press(*pixel(model, tick, SCALE[tick // BEAT]), held)
        hand.release()
    assert [note.pitch for note in model.selected_notes] == [60, 62]

    hand.press(*pixel(model, 10, 60), Held(add=True))
    hand.release()
    assert [note.pitch for note in model.selected_notes] == [62]
    assert model.described == "D4, bar 1 beat 2, length 5/24, velocity 80"


def test_a_rubber_band_chooses_what_it_touches_and_escape_drops_it(
    workspace: Workspace, model: RollModel, hand: Hand
) -> None:
    before = steps(workspace)
    drag(hand, model, (BEAT - 60, 70), (3 * BEAT + 10, 63), Held())
    assert [note.pitch for note in model.selected_notes] == [64, 65]
    model.leave()
    assert not len(model.selected)

    drag(hand, model, (BEAT - 60, 70), (3 * BEAT + 10, 63), Held())
    hand.release()
    assert model.described == "2 of 5 notes chosen"
    assert steps(workspace) == before


def test_a_drag_is_shown_before_it_is_one_step_in_the_session(
    workspace: Workspace, model: RollModel, hand: Hand
) -> None:
    before, notes = steps(workspace), model.notes
    model.select_all()
    drag(hand, model, (10, 60), (10 + BEAT, 62), Held())

    assert model.notes == notes
    assert [len(layer) for layer in model.layers()] == [0, 0, 5]  # resting, chosen, lifted
    assert model.layers()[2].notes[0] == Note(BEAT, 62, BEAT - 80, 80)
    hand.release()
    assert steps(workspace) == before + 1
    assert [note.pitch for note in model.notes] == [pitch + 2 for pitch in SCALE]
    assert len(model.selected) == 5
    workspace.undo()
    assert model.notes == notes


def test_escape_drops_a_drag(workspace: Workspace, model: RollModel, hand: Hand) -> None:
    before = steps(workspace)
    drag(hand, model, (10, 60), (10 + BEAT, 62), Held())
    model.leave()
    hand.release()
    assert steps(workspace) == before
    assert not len(model.layers()[2])


def test_shift_drags_a_copy(model: RollModel, hand: Hand) -> None:
    hand.press(*pixel(model, 10, 60))
    hand.release()
    drag(hand, model, (10, 60), (10, 72), Held(add=True))
    assert [len(layer) for layer in model.layers()] == [4, 1, 1]
    hand.release()
    assert [note.pitch for note in model.notes] == [60, 72, 62, 64, 65, 67]
    assert [note.pitch for note in model.selected_notes] == [72]


def test_the_end_of_a_note_is_pulled_to_the_grid_and_never_beyond_its_start(
    model: RollModel, hand: Hand
) -> None:
    end = BEAT - 80
    x, y = pixel(model, end, 60)
    assert hand.at_end(x - 1, y)
    for ticks, length in ((BEAT, end + BEAT), (-5 * BEAT, BEAT // 4)):
        x, y = pixel(model, end, 60)
        hand.press(x - 1, y)
        hand.drag(pixel(model, end + ticks, 60)[0] - 1, y)
        hand.release()
        assert model.notes[0].length_ticks == length
        end = length


def test_a_note_is_drawn_on_the_grid_as_long_as_it_is_pulled(
    workspace: Workspace, model: RollModel, hand: Hand
) -> None:
    before = steps(workspace)
    model.set_tool("draw")
    drag(hand, model, (6 * BEAT + 50, 70), (7 * BEAT + 130, 75), Held())
    hand.release()
    assert model.notes[-1] == Note(6 * BEAT, 70, BEAT + 2 * BEAT // 4, 80)
    assert [note.pitch for note in model.selected_notes] == [70]
    assert steps(workspace) == before + 1


def test_ctrl_draws_with_the_select_tool(model: RollModel, hand: Hand) -> None:
    hand.press(*pixel(model, 6 * BEAT + 50, 70), Held(other=True))
    hand.release()
    assert model.notes[-1] == Note(6 * BEAT, 70, BEAT // 4, 80)


def test_the_eraser_takes_all_it_passes_in_one_step(
    workspace: Workspace, model: RollModel, hand: Hand
) -> None:
    before = steps(workspace)
    model.set_tool("erase")
    hand.press(*pixel(model, 10, 60))
    for at in (1, 2):
        hand.drag(*pixel(model, at * BEAT + 10, SCALE[at]))
    hand.release()
    assert [note.pitch for note in model.notes] == [65, 67]
    assert steps(workspace) == before + 1


def test_a_move_is_held_at_the_first_tick_and_the_last_key(
    model: RollModel, editor: Editor
) -> None:
    model.select_all()
    editor.nudge(-1, 0, far=True)
    assert model.notes[0].onset_ticks == 0
    for _ in range(8):
        editor.nudge(0, 1, far=True)
    assert model.notes[-1].pitch == 127
    assert [note.pitch - model.notes[0].pitch for note in model.notes] == [0, 2, 4, 5, 7]


def test_keys_move_by_grid_steps_bars_and_octaves(model: RollModel, editor: Editor) -> None:
    model.go_to_note(0)
    editor.nudge(1, 0)
    editor.nudge(1, 1, far=True)
    moved = model.selected_notes[0]
    assert (moved.onset_ticks, moved.pitch) == (BEAT // 4 + 4 * BEAT, 72)


def test_without_a_choice_the_keys_move_the_cursor_and_insert_writes_there(
    model: RollModel, editor: Editor
) -> None:
    editor.nudge(3, 2)
    editor.nudge(0, 1, far=True)
    editor.add_at_cursor()
    assert model.selected_notes == (Note(3 * BEAT // 4, 74, BEAT // 4, 80),)


def test_notes_are_walked_through_in_time(model: RollModel) -> None:
    seen = []
    for _ in range(6):
        model.select_next()
        seen.append(model.selected_notes[0].pitch)
    assert seen == [60, 62, 64, 65, 67, 67]
    model.select_next(-1, add=True)
    assert [note.pitch for note in model.selected_notes] == [65, 67]


def test_velocity_changes_together_and_is_held(
    workspace: Workspace, model: RollModel, editor: Editor
) -> None:
    model.select_all()
    before = steps(workspace)
    editor.weigh(8)
    assert {note.velocity for note in model.notes} == {88}
    assert len(model.selected) == 5
    for _ in range(6):
        editor.weigh(8)
    assert {note.velocity for note in model.notes} == {127}
    assert steps(workspace) == before + 6  # the seventh changed nothing


def test_a_sweep_through_the_lane_gives_each_note_the_hands_height(
    workspace: Workspace, model: RollModel, hand: Hand
) -> None:
    before, sight = steps(workspace), model.sight
    hand.press_weight(sight.x.to_pixel(0), 100)
    for at, velocity in ((1, 90), (2, 140)):
        hand.drag_weight(sight.x.to_pixel(at * BEAT), velocity)
    assert {note.velocity for note in model.notes} == {80}
    hand.release()
    assert [note.velocity for note in model.notes] == [100, 90, 127, 80, 80]
    assert steps(workspace) == before + 1


def test_chosen_notes_change_by_one_amount_in_the_lane(model: RollModel, hand: Hand) -> None:
    model.select(np.array([1, 2]))
    hand.press_weight(model.sight.x.to_pixel(BEAT), 80)
    hand.drag_weight(model.sight.x.to_pixel(BEAT), 70)
    hand.release()
    assert [note.velocity for note in model.notes] == [80, 70, 70, 80, 80]


def test_copies_are_pasted_at_the_cursor_and_duplicates_follow(
    model: RollModel, editor: Editor
) -> None:
    model.select(np.array([0, 1]))
    editor.copy()
    model.put_cursor(8 * BEAT, 60)
    editor.paste()
    assert [note.onset_ticks for note in model.selected_notes] == [8 * BEAT, 9 * BEAT]
    editor.duplicate()
    assert [note.onset_ticks for note in model.selected_notes] == [10 * BEAT, 11 * BEAT]
    editor.cut()
    assert len(model.notes) == 7
    assert not len(model.selected)


def test_quantise_moves_what_is_chosen_or_all_to_the_grid(
    workspace: Workspace, model: RollModel, editor: Editor
) -> None:
    model.select(np.array([0]))
    model.set_grid(GRIDS[-1])
    editor.nudge(50, 0)
    model.set_grid(GRIDS[0])
    editor.quantise()
    assert model.notes[0].onset_ticks == 0
    before = steps(workspace)
    editor.quantise()
    assert steps(workspace) == before


def test_what_an_undo_brings_back_is_chosen(
    workspace: Workspace, model: RollModel, editor: Editor
) -> None:
    model.select(np.array([1, 3]))
    editor.delete()
    assert [note.pitch for note in model.notes] == [60, 64, 67]
    workspace.undo()
    assert [note.pitch for note in model.selected_notes] == [62, 65]


def test_another_track_is_edited_and_the_rest_stays_in_sight(
    workspace: Workspace, qtbot: QtBot, tune: Path
) -> None:
    model = RollModel(workspace, ScoreModel(workspace, workspace), workspace)
    show(workspace, qtbot, model, Take.of(tune.read_bytes(), "tune"))
    assert [row.title for row in model.score.rows] == ["Track 1", "Melody", "Chords"]
    assert (model.score.track, len(model.index), len(model.others)) == (1, 37, 27)

    model.score.edit(2)
    assert (len(model.index), len(model.others)) == (27, 37)
    model.score.hide(1, hidden=True)
    assert len(model.others) == 0
    model.score.edit(1)
    assert not model.score.hidden


def test_drum_tracks_write_drums(workspace: Workspace, qtbot: QtBot) -> None:
    model = RollModel(workspace, ScoreModel(workspace, workspace), workspace)
    show(workspace, qtbot, model, take_of([Note(0, 36, 60, 90, 9)], channel=9))
    Editor(model).add_at_cursor()
    assert {note.channel for note in model.notes} == {9}
    model.go_to_note(0)
    assert model.described.startswith("Bass drum 1, bar 1 beat 1")


def test_an_empty_roll_says_so(workspace: Workspace, qtbot: QtBot) -> None:
    model = RollModel(workspace, ScoreModel(workspace, workspace), workspace)
    assert model.empty_words.startswith("No take is open")
    show(workspace, qtbot, model, Take.of(Score.new().to_bytes(), "nothing"))
    assert model.described.startswith("No notes in this track")
    Editor(model).add_at_cursor()
    assert model.described.startswith("C4, bar 1 beat 1")


def test_the_playhead_follows_the_tempo(model: RollModel) -> None:
    model.set_playhead(1.0)
    assert model.sight.playhead == 2 * BEAT
    model.set_playhead(None)
    assert model.sight.playhead is None


def test_a_take_is_exported_as_edited_and_a_bad_place_is_told(
    workspace: Workspace, qtbot: QtBot, model: RollModel, editor: Editor, tmp_path: Path
) -> None:
    model.go_to_note(0)
    editor.delete()
    with qtbot.waitSignal(model.score.exported):
        model.score.export(tmp_path / "out.mid")
    assert Score.read(tmp_path / "out.mid").tracks[1].notes == model.notes
    with qtbot.waitSignal(model.score.failed) as told:
        model.score.export(tmp_path / "nowhere" / "out.mid")
    assert "nowhere" in told.args[0]
    assert not (tmp_path / "nowhere").exists()


def test_one_track_with_everything_is_edited_on_its_channel(
    workspace: Workspace, qtbot: QtBot
) -> None:
    track = Score.new().with_new_track([Note(0, 60, 240, 80)], channel=3).tracks[1]
    body = track.to_bytes()
    plain = b"MThd" + (6).to_bytes(4) + bytes([0, 0, 0, 1, 1, 224]) + body
    model = RollModel(workspace, ScoreModel(workspace, workspace), workspace)
    show(workspace, qtbot, model, Take.of(plain, "type 0"))
    model.put_cursor(960, 64)
    Editor(model).add_at_cursor()
    assert {note.channel for note in model.notes} == {3}
    assert workspace.take
    assert workspace.take.score.kind == 0
