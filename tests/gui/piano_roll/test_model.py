from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from seqstudio.contracts.notes import Note
from seqstudio.gui.piano_roll.editor import Editor
from seqstudio.gui.piano_roll.model import PianoRollModel
from seqstudio.gui.piano_roll.mouse import ModifierKeys, MouseInput
from seqstudio.gui.piano_roll.score import ScoreModel
from seqstudio.gui.piano_roll.snap_grid import SNAP_GRIDS
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.media.midi import Score
from seqstudio.session.document import Take
from seqstudio.session.edits import AddTake

BEAT = 480
SCALE = (60, 62, 64, 65, 67)  # one note a beat
WIDTH, HEIGHT = 800, 640


def take_of(notes: list[Note], *, channel: int = 0) -> Take:
    score = Score.new().with_new_track(notes, name="Tune", channel=channel)
    return Take.of(score.to_bytes(), "tune")


@pytest.fixture
def model(workspace: Workspace, qtbot: QtBot) -> PianoRollModel:
    notes = [Note(at * BEAT, pitch, BEAT - 80, 80) for at, pitch in enumerate(SCALE)]
    model = PianoRollModel(workspace, ScoreModel(workspace, workspace), workspace)
    show(workspace, qtbot, model, take_of(notes))
    return model


@pytest.fixture
def mouse(model: PianoRollModel) -> MouseInput:
    return MouseInput(model)


@pytest.fixture
def editor(model: PianoRollModel) -> Editor:
    return Editor(model)


def show(workspace: Workspace, qtbot: QtBot, model: PianoRollModel, take: Take) -> None:
    workspace.do(AddTake(take))
    workspace.select(take.id)
    qtbot.waitUntil(lambda: model.info is not None)
    model.viewport.resize(WIDTH, HEIGHT)


def pixel(model: PianoRollModel, tick: float, pitch: float) -> tuple[float, float]:
    """Return the middle of a key's row at a tick."""
    viewport = model.viewport
    return viewport.x.to_pixel(tick), viewport.row_top(pitch) + viewport.row_height / 2


def drag(
    mouse: MouseInput,
    model: PianoRollModel,
    start: tuple[float, float],
    end: tuple[float, float],
    keys: ModifierKeys,
) -> None:
    mouse.press(*pixel(model, *start), keys)
    mouse.drag(*pixel(model, *end))


def steps(workspace: Workspace) -> int:
    return workspace.session.steps


def test_notes_are_shown_at_once_and_edited_once_the_bars_are_read(
    workspace: Workspace, qtbot: QtBot
) -> None:
    model = PianoRollModel(workspace, ScoreModel(workspace, workspace), workspace)
    take = take_of([Note(0, 60, 10)])
    workspace.do(AddTake(take))
    workspace.select(take.id)

    assert len(model.index) == 1
    assert model.target is None
    assert model.description == "Loading…"
    qtbot.waitUntil(lambda: model.target is not None)


def test_a_click_selects_a_note_and_shift_adds_one(
    model: PianoRollModel, mouse: MouseInput
) -> None:
    for tick, keys in ((10, ModifierKeys()), (BEAT + 10, ModifierKeys(add=True))):
        mouse.press(*pixel(model, tick, SCALE[tick // BEAT]), keys)
        mouse.release()
    assert [note.pitch for note in model.selected_notes] == [60, 62]

    mouse.press(*pixel(model, 10, 60), ModifierKeys(add=True))
    mouse.release()
    assert [note.pitch for note in model.selected_notes] == [62]
    assert model.description == "D4, bar 1 beat 2, length 5/24, velocity 80"


def test_a_rubber_band_selects_notes_and_escape_cancels_it(
    workspace: Workspace, model: PianoRollModel, mouse: MouseInput
) -> None:
    before = steps(workspace)
    drag(mouse, model, (BEAT - 60, 70), (3 * BEAT + 10, 63), ModifierKeys())
    assert [note.pitch for note in model.selected_notes] == [64, 65]
    model.cancel_or_deselect()
    assert not len(model.selected)

    drag(mouse, model, (BEAT - 60, 70), (3 * BEAT + 10, 63), ModifierKeys())
    mouse.release()
    assert model.description == "2 of 5 notes selected"
    assert steps(workspace) == before


def test_a_drag_is_previewed_and_then_applied_as_one_step(
    workspace: Workspace, model: PianoRollModel, mouse: MouseInput
) -> None:
    before, notes = steps(workspace), model.notes
    model.select_all()
    drag(mouse, model, (10, 60), (10 + BEAT, 62), ModifierKeys())

    assert model.notes == notes
    assert [len(layer) for layer in model.layers()] == [0, 0, 5]  # unselected, selected, preview
    assert model.layers()[2].notes[0] == Note(BEAT, 62, BEAT - 80, 80)
    mouse.release()
    assert steps(workspace) == before + 1
    assert [note.pitch for note in model.notes] == [pitch + 2 for pitch in SCALE]
    assert len(model.selected) == 5
    workspace.undo()
    assert model.notes == notes


def test_escape_cancels_a_drag(
    workspace: Workspace, model: PianoRollModel, mouse: MouseInput
) -> None:
    before = steps(workspace)
    drag(mouse, model, (10, 60), (10 + BEAT, 62), ModifierKeys())
    model.cancel_or_deselect()
    mouse.release()
    assert steps(workspace) == before
    assert not len(model.layers()[2])


def test_shift_drags_a_copy(model: PianoRollModel, mouse: MouseInput) -> None:
    mouse.press(*pixel(model, 10, 60))
    mouse.release()
    drag(mouse, model, (10, 60), (10, 72), ModifierKeys(add=True))
    assert [len(layer) for layer in model.layers()] == [4, 1, 1]
    mouse.release()
    assert [note.pitch for note in model.notes] == [60, 72, 62, 64, 65, 67]
    assert [note.pitch for note in model.selected_notes] == [72]


def test_a_notes_end_snaps_to_the_grid_and_stays_after_its_start(
    model: PianoRollModel, mouse: MouseInput
) -> None:
    end = BEAT - 80
    x, y = pixel(model, end, 60)
    assert mouse.is_note_end(x - 1, y)
    for ticks, length in ((BEAT, end + BEAT), (-5 * BEAT, BEAT // 4)):
        x, y = pixel(model, end, 60)
        mouse.press(x - 1, y)
        mouse.drag(pixel(model, end + ticks, 60)[0] - 1, y)
        mouse.release()
        assert model.notes[0].length_ticks == length
        end = length


def test_a_note_is_drawn_on_the_grid_and_the_drag_sets_its_length(
    workspace: Workspace, model: PianoRollModel, mouse: MouseInput
) -> None:
    before = steps(workspace)
    model.set_tool("draw")
    drag(mouse, model, (6 * BEAT + 50, 70), (7 * BEAT + 130, 75), ModifierKeys())
    mouse.release()
    assert model.notes[-1] == Note(6 * BEAT, 70, BEAT + 2 * BEAT // 4, 80)
    assert [note.pitch for note in model.selected_notes] == [70]
    assert steps(workspace) == before + 1


def test_ctrl_draws_with_the_select_tool(model: PianoRollModel, mouse: MouseInput) -> None:
    mouse.press(*pixel(model, 6 * BEAT + 50, 70), ModifierKeys(switch_tool=True))
    mouse.release()
    assert model.notes[-1] == Note(6 * BEAT, 70, BEAT // 4, 80)


def test_the_eraser_deletes_all_it_passes_in_one_step(
    workspace: Workspace, model: PianoRollModel, mouse: MouseInput
) -> None:
    before = steps(workspace)
    model.set_tool("erase")
    mouse.press(*pixel(model, 10, 60))
    for at in (1, 2):
        mouse.drag(*pixel(model, at * BEAT + 10, SCALE[at]))
    mouse.release()
    assert [note.pitch for note in model.notes] == [65, 67]
    assert steps(workspace) == before + 1


def test_a_move_is_clamped_at_the_first_tick_and_the_last_key(
    model: PianoRollModel, editor: Editor
) -> None:
    model.select_all()
    editor.nudge(-1, 0, far=True)
    assert model.notes[0].onset_ticks == 0
    for _ in range(8):
        editor.nudge(0, 1, far=True)
    assert model.notes[-1].pitch == 127
    assert [note.pitch - model.notes[0].pitch for note in model.notes] == [0, 2, 4, 5, 7]


def test_keys_move_by_grid_steps_bars_and_octaves(model: PianoRollModel, editor: Editor) -> None:
    model.go_to_note(0)
    editor.nudge(1, 0)
    editor.nudge(1, 1, far=True)
    moved = model.selected_notes[0]
    assert (moved.onset_ticks, moved.pitch) == (BEAT // 4 + 4 * BEAT, 72)


def test_without_a_selection_the_keys_move_the_cursor_and_insert_adds_a_note(
    model: PianoRollModel, editor: Editor
) -> None:
    editor.nudge(3, 2)
    editor.nudge(0, 1, far=True)
    editor.add_at_cursor()
    assert model.selected_notes == (Note(3 * BEAT // 4, 74, BEAT // 4, 80),)


def test_notes_are_selected_in_order_of_time(model: PianoRollModel) -> None:
    seen = []
    for _ in range(6):
        model.select_next()
        seen.append(model.selected_notes[0].pitch)
    assert seen == [60, 62, 64, 65, 67, 67]
    model.select_next(-1, add=True)
    assert [note.pitch for note in model.selected_notes] == [65, 67]


def test_velocities_change_together_and_are_clamped(
    workspace: Workspace, model: PianoRollModel, editor: Editor
) -> None:
    model.select_all()
    before = steps(workspace)
    editor.change_velocity(8)
    assert {note.velocity for note in model.notes} == {88}
    assert len(model.selected) == 5
    for _ in range(6):
        editor.change_velocity(8)
    assert {note.velocity for note in model.notes} == {127}
    assert steps(workspace) == before + 6  # the seventh changed nothing


def test_a_sweep_through_the_lane_sets_each_note_to_the_pointers_height(
    workspace: Workspace, model: PianoRollModel, mouse: MouseInput
) -> None:
    before, viewport = steps(workspace), model.viewport
    mouse.press_velocity(viewport.x.to_pixel(0), 100)
    for at, velocity in ((1, 90), (2, 140)):
        mouse.drag_velocity(viewport.x.to_pixel(at * BEAT), velocity)
    assert {note.velocity for note in model.notes} == {80}
    mouse.release()
    assert [note.velocity for note in model.notes] == [100, 90, 127, 80, 80]
    assert steps(workspace) == before + 1


def test_selected_notes_change_by_one_amount_in_the_lane(
    model: PianoRollModel, mouse: MouseInput
) -> None:
    model.select(np.array([1, 2]))
    mouse.press_velocity(model.viewport.x.to_pixel(BEAT), 80)
    mouse.drag_velocity(model.viewport.x.to_pixel(BEAT), 70)
    mouse.release()
    assert [note.velocity for note in model.notes] == [80, 70, 70, 80, 80]


def test_copies_are_pasted_at_the_cursor_and_duplicates_follow(
    model: PianoRollModel, editor: Editor
) -> None:
    model.select(np.array([0, 1]))
    editor.copy()
    model.set_cursor(8 * BEAT, 60)
    editor.paste()
    assert [note.onset_ticks for note in model.selected_notes] == [8 * BEAT, 9 * BEAT]
    editor.duplicate()
    assert [note.onset_ticks for note in model.selected_notes] == [10 * BEAT, 11 * BEAT]
    editor.cut()
    assert len(model.notes) == 7
    assert not len(model.selected)


def test_quantise_moves_the_selection_or_all_notes_to_the_grid(
    workspace: Workspace, model: PianoRollModel, editor: Editor
) -> None:
    model.select(np.array([0]))
    model.set_grid(SNAP_GRIDS[-1])
    editor.nudge(50, 0)
    model.set_grid(SNAP_GRIDS[0])
    editor.quantise()
    assert model.notes[0].onset_ticks == 0
    before = steps(workspace)
    editor.quantise()
    assert steps(workspace) == before


def test_notes_restored_by_undo_are_selected(
    workspace: Workspace, model: PianoRollModel, editor: Editor
) -> None:
    model.select(np.array([1, 3]))
    editor.delete()
    assert [note.pitch for note in model.notes] == [60, 64, 67]
    workspace.undo()
    assert [note.pitch for note in model.selected_notes] == [62, 65]


def test_another_track_is_edited_and_the_others_stay_visible(
    workspace: Workspace, qtbot: QtBot, tune: Path
) -> None:
    model = PianoRollModel(workspace, ScoreModel(workspace, workspace), workspace)
    show(workspace, qtbot, model, Take.of(tune.read_bytes(), "tune"))
    assert [row.title for row in model.score.rows] == ["Track 1", "Melody", "Chords"]
    assert (model.score.track, len(model.index), len(model.others)) == (1, 37, 27)

    model.score.edit_track(2)
    assert (len(model.index), len(model.others)) == (27, 37)
    model.score.set_hidden(1, hidden=True)
    assert len(model.others) == 0
    model.score.edit_track(1)
    assert not model.score.hidden


def test_new_notes_of_a_drum_track_are_drums(workspace: Workspace, qtbot: QtBot) -> None:
    model = PianoRollModel(workspace, ScoreModel(workspace, workspace), workspace)
    show(workspace, qtbot, model, take_of([Note(0, 36, 60, 90, 9)], channel=9))
    Editor(model).add_at_cursor()
    assert {note.channel for note in model.notes} == {9}
    model.go_to_note(0)
    assert model.description.startswith("Bass drum 1, bar 1 beat 1")


def test_an_empty_roll_says_so(workspace: Workspace, qtbot: QtBot) -> None:
    model = PianoRollModel(workspace, ScoreModel(workspace, workspace), workspace)
    assert model.empty_text.startswith("No take is open")
    show(workspace, qtbot, model, Take.of(Score.new().to_bytes(), "nothing"))
    assert model.description.startswith("This track has no notes")
    Editor(model).add_at_cursor()
    assert model.description.startswith("C4, bar 1 beat 1")


def test_the_playhead_follows_the_tempo(model: PianoRollModel) -> None:
    model.set_playhead(1.0)
    assert model.viewport.playhead == 2 * BEAT
    model.set_playhead(None)
    assert model.viewport.playhead is None


def test_an_edited_take_is_exported_and_an_error_is_reported(
    workspace: Workspace, qtbot: QtBot, model: PianoRollModel, editor: Editor, tmp_path: Path
) -> None:
    model.go_to_note(0)
    editor.delete()
    with qtbot.waitSignal(model.score.exported):
        model.score.export(tmp_path / "out.mid")
    assert Score.read(tmp_path / "out.mid").tracks[1].notes == model.notes
    with qtbot.waitSignal(model.score.failed) as failure:
        model.score.export(tmp_path / "nowhere" / "out.mid")
    assert "nowhere" in failure.args[0]
    assert not (tmp_path / "nowhere").exists()


def test_a_type_0_file_is_edited_on_its_channel(workspace: Workspace, qtbot: QtBot) -> None:
    track = Score.new().with_new_track([Note(0, 60, 240, 80)], channel=3).tracks[1]
    body = track.to_bytes()
    plain = b"MThd" + (6).to_bytes(4) + bytes([0, 0, 0, 1, 1, 224]) + body
    model = PianoRollModel(workspace, ScoreModel(workspace, workspace), workspace)
    show(workspace, qtbot, model, Take.of(plain, "type 0"))
    model.set_cursor(960, 64)
    Editor(model).add_at_cursor()
    assert {note.channel for note in model.notes} == {3}
    assert workspace.take
    assert workspace.take.score.kind == 0
