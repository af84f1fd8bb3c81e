from pathlib import Path

import pytest
from training_events import evaluated, finished, preview, step

from seqstudio.contracts.data import Ledger
from seqstudio.errors import DataError, TrainingError
from seqstudio.gui.train.ledger import ledger_counts, ledger_lines, ledger_summary
from seqstudio.gui.train.previews import Previews, Stage, read_sketch, stage_of
from seqstudio.gui.train.run import TrainRun, progress_line
from seqstudio.gui.train.run_folder import read_ledger, read_run
from seqstudio.gui.train.runs import recent_runs
from seqstudio.gui.train.train_view import run_title
from seqstudio.host.jobs.database import JobRow
from seqstudio.host.jobs.spec import JobSpec, spec_to_text
from seqstudio.services.events import PresetChosen
from seqstudio.services.runs import Run, RunSpec, create_run

FINE = {"verdict": "fine: every recurrent layer still learns"}
VANISHING = {"verdict": "vanishing: under 1% is left"}


@pytest.fixture
def run_folder(tmp_path: Path) -> Run:
    """A run that was stopped after three steps."""
    run = create_run(tmp_path / "run", RunSpec(task="speech.ctc"))
    run.write_ledger(Ledger(["/data/a.wav"], {"/data/b.wav": "silent"}, {"trimmed": 1}))
    for event in (
        preview(0),
        step(1),
        step(2),
        evaluated(2, wer=0.5),
        preview(2),
        step(3, fraction=0.3, gradient_flow=VANISHING),
        finished(3),
    ):
        run.append(event)
    return run


def test_a_run_folder_is_loaded_with_all_its_events(run_folder: Run) -> None:
    run = TrainRun(run_folder.folder, "", None, "reading")
    run.load(read_run(run_folder.folder))

    assert (run.task, run.state, run.step, run.fraction) == ("speech.ctc", "stopped", 3, 0.3)
    assert run.resumable
    assert run.ledger
    assert run.ledger.refused == {"/data/b.wav": "silent"}
    assert run.best
    assert run.best.step == 2
    assert [stage.step for stage in run.previews.stages] == [0, 2]
    assert run.warning == "⚠ Step 3: gradient vanishing: under 1% is left"
    assert progress_line(run) == (
        "Stopped · can be resumed · epoch 1 of 40, step 3 · best word error rate: 50 % at step 2"
    )


def test_a_run_says_which_preset_suited_its_data(tmp_path: Path) -> None:
    run = TrainRun(tmp_path, "music.voices", None, "waiting")
    run.add_event(PresetChosen(preset="folk", summary="preset folk: 2 of 2 pieces"))

    assert progress_line(run) == "Running · preset folk: 2 of 2 pieces"


def test_a_finished_run_cannot_be_resumed(run_folder: Run) -> None:
    run_folder.append(step(4, fraction=1.0))
    run_folder.append(finished(4, "epochs"))
    run = TrainRun(run_folder.folder, "", None, "reading")
    run.load(read_run(run_folder.folder))
    assert run.state == "finished"
    assert not run.resumable


def test_reloading_a_run_keeps_what_the_user_chose(run_folder: Run) -> None:
    before, after = (TrainRun(run_folder.folder, "", None, "reading") for _ in range(2))
    for run in (before, after):
        run.load(read_run(run_folder.folder))
    before.curves.smoothing = 50
    before.curves.valid.series_named("wer").shown = False
    before.previews.select(0)
    before.state, before.message = "failed", "out of memory"
    after.restore_view(before)

    assert after.curves.smoothing == 50
    assert not after.curves.valid.series_named("wer").shown
    assert after.previews.index == 0
    assert (after.state, after.message) == ("failed", "out of memory")


def test_speed_and_remaining_time_are_measured_over_half_a_minute() -> None:
    now = 0.0
    run = TrainRun(Path("run"), "t", None, "queued", lambda: now)
    run.add_event(step(1, fraction=0.01))
    assert run.steps_per_s is None
    for second in range(1, 101):
        now = float(second)
        run.add_event(step(1 + 2 * second, fraction=0.005 * second))

    assert run.steps_per_s == pytest.approx(2)
    assert "2 steps per second · about 2 min left" in progress_line(run, 100.0)
    run.state = "stopping"
    assert run.steps_per_s is None


def test_a_healthy_gradient_has_no_warning_sign() -> None:
    run = TrainRun(Path("run"), "t", None, "running")
    run.add_event(step(1, gradient_flow=FINE))
    assert run.warning == "Step 1: gradient fine: every recurrent layer still learns"


def test_the_newest_preview_is_selected_until_the_user_selects_another() -> None:
    previews = Previews()
    assert previews.stage is None
    assert not previews.select(3)
    for number in (0, 5, 10):
        previews.add(Stage(number, 0, ""))
    assert previews.index == 2
    previews.select_step(7.5)
    previews.add(Stage(15, 1, ""))
    assert previews.stage == Stage(5, 0, "")
    previews.select(99)
    previews.add(Stage(20, 1, ""))
    assert previews.stage == Stage(20, 1, "")


def test_previews_after_a_resumed_checkpoint_are_replaced() -> None:
    previews = Previews()
    for number in (0, 5, 10, 5):
        previews.add(Stage(number, 0, ""))
    assert [stage.step for stage in previews.stages] == [0, 5]
    assert previews.index == 1


def test_a_speech_preview_has_reference_and_recognised_text() -> None:
    text = "reference ENTER | hypothesis ENTR\nreference HELLO | hypothesis (empty)\n12 notes"
    assert stage_of(preview(3, text), Path("run")).lines == (
        ("Reference", "ENTER"),
        ("Recognised", "ENTR"),
        ("Reference", "HELLO"),
        ("Recognised", "(empty)"),
        ("", "12 notes"),
    )


def test_a_music_preview_has_notes_and_audio(tune: Path) -> None:
    stage = stage_of(preview(0, "4 notes", "previews/0/midi.mid", "previews/0/midi.wav"), Path("r"))
    assert (stage.midi, stage.audio) == (
        Path("r/previews/0/midi.mid"),
        Path("r/previews/0/midi.wav"),
    )
    assert stage.title == "Before training"
    sketch = read_sketch(tune)
    assert len(sketch.notes) > 50
    assert sketch.lowest < sketch.highest < 128
    with pytest.raises(DataError, match=r"gone\.mid: No such file"):
        read_sketch(Path("gone.mid"))


def test_the_ledger_lists_refused_inputs_first_and_can_be_filtered() -> None:
    ledger = Ledger(["/data/a.wav", "/data/c.wav"], {"/data/b.wav": "silent"}, {"trimmed": 2})
    data = Path("/data")

    def names(*, refused_only: bool = False, wanted: str = "") -> list[str]:
        lines = ledger_lines(ledger, data, refused_only=refused_only, filter=wanted)
        return [line.where for line in lines]

    assert names() == ["b.wav", "a.wav", "c.wav"]
    again = Ledger(refused={"/data/b.wav": "/data/b.wav: silent"})
    assert ledger_lines(again, data, refused_only=True, filter="")[0].reason == "silent"
    assert names(refused_only=True) == names(wanted="SILENT") == ["b.wav"]
    assert names(wanted="c.w") == ["c.wav"]
    assert ledger_summary(ledger) == "2 used, 1 refused"
    assert ledger_counts(ledger) == "2 trimmed"
    assert ledger_summary(None) == "not read yet"


def test_a_folder_that_is_not_a_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"no run\.json, expected the folder of a training run"):
        read_run(tmp_path)
    assert read_ledger(tmp_path) is None
    for text in ("{", "[]", '{"used": 3}'):
        (tmp_path / "ledger.json").write_text(text)
        with pytest.raises(DataError, match=r"ledger\.json"):
            read_ledger(tmp_path)


def test_each_run_is_listed_once_with_its_newest_job() -> None:
    def job(number: int, run: str, state: str) -> JobRow:
        spec = JobSpec(
            plugin="music",
            verb="train",
            name="music.rolls",
            arguments={"run": run, "data": "/data"},
        )
        return JobRow(
            id=number,
            created=0.0,
            plugin="music",
            verb="train",
            name="music.rolls",
            spec=spec_to_text(spec),
            seed=0,
            state=state,  # type: ignore[arg-type]
            reason="",
            value={},
            counts={},
            waiting=False,
        )

    found = recent_runs(
        [job(3, "/runs/a", "running"), job(2, "/runs/b", "done"), job(1, "/runs/a", "cancelled")]
    )
    assert [(str(one.folder), one.job, one.state) for one in found] == [
        ("/runs/a", 3, "running"),
        ("/runs/b", 2, "done"),
    ]
    assert not found[0].exists
    titles = [run_title(one, one.state) for one in found]
    assert titles == ["a\nmusic.rolls · running", "b\nmusic.rolls · Failed before it began"]
