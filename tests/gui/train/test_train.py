import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot
from training_events import evaluated, finished, preview, step

from seqstudio.contracts.data import Ledger
from seqstudio.contracts.task import TrainConfig
from seqstudio.gui.shell.window_view import Window
from seqstudio.gui.sound.player import Player
from seqstudio.gui.sound.transport import Transport
from seqstudio.gui.train.previews_view import PreviewsView
from seqstudio.gui.train.run import TrainRun
from seqstudio.gui.train.train import TrainModel
from seqstudio.gui.train.train_view import TrainView
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.jobs.events import ItemFailed, ItemProgress, JobFinished
from seqstudio.host.jobs.queue import NewJob
from seqstudio.host.jobs.spec import JobSpec, spec_to_text
from seqstudio.media.audio import Audio, write_wav
from seqstudio.services.events import Event, event_to_plain
from seqstudio.services.runs import RunSpec, create_run

BEST = evaluated(10, wer=0.5)
EVENTS: list[Event] = [
    preview(0),
    *(step(number) for number in range(1, 11)),
    BEST,
    preview(10),
    step(11),
    preview(20),
    finished(11),
]


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """The folder of a run that was stopped."""
    run = create_run(tmp_path / "runs" / "mine", RunSpec(task="speech.ctc"))
    run.write_ledger(Ledger(["/data/a.wav"], {"/data/b.wav": "silent"}, {"trimmed": 1}))
    for event in EVENTS:
        run.append(event)
    return run.folder


def add_job(workspace: Workspace, folder: Path, data: Path) -> int:
    """Add a training job to the database that another process runs."""
    arguments = {"run": str(folder), "data": str(data)}
    spec = JobSpec(plugin="speech", verb="train", name="speech.ctc", arguments=arguments)
    new = NewJob(
        identity="x",
        plugin="speech",
        verb="train",
        name="speech.ctc",
        spec=spec_to_text(spec),
        seed=0,
        owner="",
    )
    return workspace.studio.jobs.add(new, lambda _job: [])


def send(workspace: Workspace, job: int, event: Event) -> None:
    progress = ItemProgress(item=1, fraction=0.0, event=event_to_plain(event))
    workspace.queue.job_event.emit(job, progress)


def test_a_run_is_named_after_its_data_until_the_user_names_it(
    model: TrainModel, tmp_path: Path
) -> None:
    form = model.form
    (tmp_path / "runs" / "songs-ctc").mkdir(parents=True)
    form.set(task="speech.ctc", data=tmp_path / "songs")
    assert form.request.run == tmp_path / "runs" / "songs-ctc-2"
    form.set(name="opus")
    form.set(task="music.rolls", preset="jsb")
    form.set(data=tmp_path / "other" / "tunes", task="speech.ctc")

    assert form.request.run == tmp_path / "runs" / "opus"
    assert form.request.preset == ""


def test_errors_appear_at_their_fields_and_nothing_starts(
    model: TrainModel, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    model.form.set(task="speech.ctc", data=tmp_path / "empty")
    model.form.settings.sections[0].form.set("epochs", 0)
    model.start()
    qtbot.waitUntil(lambda: not model.form.checking)

    assert list(model.form.errors) == ["data", "set.epochs"]
    assert model.run is None
    model.form.settings.sections[0].form.set("epochs", 1)
    assert list(model.form.errors) == ["data"]


def opened(model: TrainModel, qtbot: QtBot, folder: Path) -> TrainRun:
    model.open(folder)
    qtbot.waitUntil(lambda: model.run is not None and model.run.state == "stopped")
    assert model.run
    return model.run


def test_a_training_started_from_the_job_list_is_monitored(
    workspace: Workspace, model: TrainModel, qtbot: QtBot, recorded: Path
) -> None:
    job = add_job(workspace, recorded, recorded.parent)
    run = opened(model, qtbot, recorded)
    for event in (step(9), step(10), BEST, preview(10)):
        send(workspace, job, event)

    assert model.run is run
    assert (run.state, run.job, run.step) == ("running", job, 10)
    assert [stage.step for stage in run.previews.stages] == [0, 10]
    workspace.queue.job_event.emit(job, JobFinished(state="cancelled"))
    assert run.state == "stopped"
    qtbot.waitUntil(lambda: model.run is not run)
    assert model.run.step == 11


def test_a_failure_has_a_reason_and_the_run_can_be_resumed(
    workspace: Workspace, model: TrainModel, qtbot: QtBot, recorded: Path
) -> None:
    job = add_job(workspace, recorded, recorded.parent)
    run = opened(model, qtbot, recorded)
    send(workspace, job, step(12))
    reason = "step 13: loss=nan, expected finite"
    with qtbot.waitSignal(model.failed) as emitted:
        workspace.queue.job_event.emit(job, ItemFailed(item=1, name="train", reason=reason))
    workspace.queue.job_event.emit(job, JobFinished(state="failed", failed=1))
    qtbot.waitUntil(lambda: model.run is not run)

    assert emitted.args == [reason]
    assert model.run
    assert (model.run.state, model.run.message, model.run.resumable) == ("failed", reason, True)


def test_a_run_that_learned_goes_on_learning_also_if_no_job_tells(
    workspace: Workspace, model: TrainModel, qtbot: QtBot, tmp_path: Path
) -> None:
    made = create_run(tmp_path / "learned", RunSpec(task="speech.ctc", apart=0.2))
    for event in EVENTS:
        made.append(event)  # cut off when it was to be judged
    run = opened(model, qtbot, made.folder)
    assert (run.learns, run.resumable) == (True, True)
    model.resume(tmp_path)

    job = workspace.studio.jobs.get(run.job)
    assert (job.verb, job.name) == ("learn", "speech.ctc")
    wanted = {"data": str(tmp_path), "run": str(made.folder), "resume": True}
    assert json.loads(job.spec)["arguments"] == wanted


def test_a_model_that_cannot_be_saved_is_an_error(
    model: TrainModel, qtbot: QtBot, recorded: Path
) -> None:
    model.open(recorded)
    with qtbot.waitSignal(model.save_failed) as emitted:
        model.save_model("mine")
    assert "this run has no model yet" in emitted.args[0]
    with qtbot.waitSignal(model.save_failed) as emitted:
        model.save_model("../mine")
    assert emitted.args == ["'../mine': expected a plain name, without '/'."]


def test_the_task_matches_the_data_until_the_user_chooses_one(
    model: TrainModel, qtbot: QtBot, tmp_path: Path, recording: Path, tune: Path
) -> None:
    for name, file in (("speech", recording), ("music", tune)):
        (tmp_path / name).mkdir()
        shutil.copy(file, tmp_path / name)
        (tmp_path / name / "notes.txt").write_text("my notes")
    form = model.form
    assert form.request.task == ""
    form.set(data=tmp_path / "speech")
    qtbot.waitUntil(lambda: form.request.task == "speech.ctc")
    assert form.request.name == "speech-ctc"
    form.set(data=tmp_path / "music")
    qtbot.waitUntil(lambda: form.request.task == "music.voices")
    form.set(task="music.rolls")
    form.set(data=tmp_path / "speech")
    model.start()
    qtbot.waitUntil(lambda: "data" in form.errors)

    assert form.request.task == "music.rolls"
    assert form.errors["data"].startswith("speech has no data for Piano rolls")


def test_a_run_is_opened_and_its_previews_are_selected_by_keys_and_slider(
    page: TrainView, qtbot: QtBot, recorded: Path
) -> None:
    page.model.open(recorded)
    qtbot.waitUntil(lambda: page.run.previews.bar.maximum() == 2)
    run, view = page.model.run, page.run
    assert run
    assert view.progress.text().startswith("Stopped · can be resumed · epoch 1 of 40, step 11")
    assert view.tabs.tabText(2) == "Data: 1 used, 1 refused"
    view.tabs.setCurrentIndex(1)
    qtbot.keyClick(view.previews.strip, Qt.Key.Key_Left)
    assert view.previews.text.text() == "Reference: HELLO\nRecognised: H10"
    qtbot.keyClick(view.previews.strip, Qt.Key.Key_Home)
    assert view.previews.title.text() == "Before training"
    view.previews.bar.setValue(2)
    assert view.previews.text.text() == "Reference: HELLO\nRecognised: H20"


def test_a_run_is_heard_learning_on_its_slider(
    window: Window, model: TrainModel, qtbot: QtBot, tmp_path: Path, tune: Path, speaker: Any
) -> None:
    run = create_run(tmp_path / "tunes", RunSpec(task="music.rolls"))
    for number, level in ((0, 0.25), (5, 0.5)):
        tone = np.full((48_000, 2), level, np.float32)
        names = tuple(f"previews/{number}/midi.{form}" for form in ("mid", "wav"))
        (run.folder / names[0]).parent.mkdir()
        shutil.copy(tune, run.folder / names[0])
        write_wav(run.folder / names[1], Audio(tone, 48_000))
        run.append(preview(number, "4 notes", *names))
    player = Player(window.workspace.background, window, find=lambda: speaker)
    transport = Transport(window.workspace, player)
    view = PreviewsView(window.workspace, window.commands, model, transport)
    view.setParent(window)
    view.show()
    opened(model, qtbot, run.folder)
    qtbot.waitUntil(view.play.isEnabled)
    qtbot.mouseClick(view.play, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: speaker.fill is not None and speaker.sound(0.01).max() > 0.4)
    qtbot.waitUntil(lambda: transport.length_s == pytest.approx(1.0))

    assert view.play.text() == "Stop"
    assert transport.title == "tunes: Step 5, epoch 1"
    qtbot.waitUntil(lambda: "notes" in view.notes.accessibleDescription())
    view.bar.setValue(0)
    assert transport.title == "tunes: Before training"
    qtbot.waitUntil(lambda: 0.2 < speaker.sound(0.01).max() < 0.3)

    transport.toggle()
    assert not player.playing
    assert view.play.text() == "Play"
    transport.seek(0.5)
    assert transport.time_text == "0:00.5 / 0:01.0"
    assert not view.silence.isVisible()
    player.reason = "No loudspeaker."
    player.changed.emit()
    assert view.silence.text() == "No loudspeaker."
    assert view.silence.isVisible()


def test_curve_values_are_shown_for_pointer_and_keys(
    page: TrainView, qtbot: QtBot, recorded: Path
) -> None:
    page.model.open(recorded)
    qtbot.waitUntil(lambda: page.run.previews.bar.maximum() == 2)
    curves = page.run.curves.charts
    assert curves.reading.startswith(
        "training loss 0.9091 at step 11, word error rate 0.5 at step 10"
    )
    qtbot.keyClick(curves, Qt.Key.Key_Home)
    assert curves.accessibleDescription().startswith("training loss 10 at step 1, ")
    qtbot.keyClick(curves, Qt.Key.Key_Right)
    assert curves.accessibleDescription().startswith("training loss 10 at step 1, ")
    plot = curves.plots()[0].toRect()
    qtbot.mouseClick(curves, Qt.MouseButton.LeftButton, pos=plot.topLeft() + QPoint(1, 10))
    assert page.run.previews.title.text() == "Before training"


@pytest.mark.medium
def test_a_model_can_be_saved_from_the_first_step_on(
    window: Window, page: TrainView, qtbot: QtBot, recorded: Path
) -> None:
    folder = recorded.parent / "other"
    create_run(folder, RunSpec(task="speech.ctc")).append(preview(0))
    job = add_job(window.workspace, folder, recorded.parent)
    opened(page.model, qtbot, folder)
    save = page.run.buttons["train.save_model"]
    assert not save.isEnabled()
    send(window.workspace, job, step(1))
    assert save.isEnabled()
    assert window.commands.action("train.save_model").isEnabled()
    save.click()
    assert page.run.save_model.isVisible()


def test_an_epoch_whose_weights_are_there_can_be_chosen_instead_of_the_best(
    page: TrainView, qtbot: QtBot, recorded: Path
) -> None:
    for number in (3, 10):
        (recorded / "epochs" / f"{number:08d}.safetensors").touch()
    opened(page.model, qtbot, recorded)
    page.run.buttons["train.save_model"].click()
    view = page.run.save_model
    qtbot.waitUntil(lambda: view.weights.count() == 3)

    assert [view.weights.itemText(at) for at in range(3)] == [
        "Best: epoch 1, 50 %",
        "Epoch 1, step 10, 50 %",
        "Epoch 1, step 3, not measured",
    ]
    assert view.name.text() == "mine"
    view.weights.setCurrentIndex(1)
    view.weights.activated.emit(1)
    assert view.name.text() == "mine-epoch-1"
    view.save.click()
    assert view.save.text() == "Saving…"
    qtbot.waitUntil(lambda: "this run has no model yet" in view.error.text())
    assert view.save.text() == "Save"


@pytest.mark.medium
def test_each_run_keeps_its_own_smoothing(page: TrainView, qtbot: QtBot, recorded: Path) -> None:
    create_run(recorded.parent / "other", RunSpec(task="speech.ctc"))
    opened(page.model, qtbot, recorded)
    box = page.run.curves.smoothing
    box.setCurrentIndex(2)
    box.activated.emit(2)
    assert page.model.run
    assert page.model.run.curves.smoothing == 50
    opened(page.model, qtbot, recorded.parent / "other")
    assert box.currentText() == "Every step"


@pytest.mark.medium
def test_the_ledger_can_be_filtered(page: TrainView, qtbot: QtBot, recorded: Path) -> None:
    page.model.open(recorded)
    table = page.run.ledger.table
    qtbot.waitUntil(lambda: table.topLevelItemCount() == 2)
    first = table.topLevelItem(0)
    assert [first.text(column) for column in range(3)] == ["/data/b.wav", "refused", "silent"]
    assert page.run.ledger.notes.text() == "1 trimmed"
    qtbot.keyClicks(page.run.ledger.filter, "a.wav")
    assert table.topLevelItemCount() == 1
    page.run.ledger.refused.click()
    assert table.topLevelItemCount() == 0


def test_a_run_that_is_retried_in_the_list_of_jobs_is_running_on_the_page(
    window: Window, page: TrainView, qtbot: QtBot, recorded: Path
) -> None:
    workspace, jobs = window.workspace, window.workspace.studio.jobs
    job = add_job(workspace, recorded, recorded.parent)
    jobs.fail(job, "the disk is full")
    opened(page.model, qtbot, recorded)
    run = page.model.run
    assert run
    run.state, run.message = "failed", "the disk is full"
    page.model.failed.emit("the disk is full")
    page.model.run_changed.emit()
    assert not page.run.buttons["train.stop"].isVisible()
    workspace.queue.pause_queue()
    workspace.studio.requeue(job, retry=True)
    page.model.runs.reload()

    assert page.run.progress.text().startswith("Waiting")
    assert page.runs.item(0).text().endswith("Waiting")
    assert page.run.buttons["train.stop"].isVisible()
    assert not page.banner.isVisible()
    send(workspace, job, step(12))
    assert page.run.progress.text().startswith("Running")
    assert page.runs.item(0).text().endswith("Running")
    workspace.queue.job_event.emit(job, JobFinished(state="cancelled"))
    assert page.run.progress.text().startswith("Stopped")


@pytest.mark.medium
def test_two_runs_are_compared_by_their_curves_and_settings(
    page: TrainView, qtbot: QtBot, tmp_path: Path
) -> None:
    folders = []
    for name, preset, loss in (("one", "small", 3.0), ("two", "large", 2.0)):
        spec = RunSpec(task="music.rolls", preset=preset, config=TrainConfig(epochs=7))
        run = create_run(tmp_path / name, spec)
        for number in (1, 2, 3):
            run.append(step(number, loss=loss / number))
        folders.append(run.folder)
    opened(page.model, qtbot, folders[0])
    curves = page.run.curves
    page.model.compare(folders[1])
    qtbot.waitUntil(lambda: page.model.other is not None)

    assert curves.differences.text() == "preset: small, other: large"
    own, other = curves.charts.charts[0].series
    assert (own.run, own.nearest(3)) == ("", (3, 1.0))
    assert (other.run, other.nearest(3)) == ("two", (3, pytest.approx(2 / 3)))
    assert "two: training loss 0.6667 at step 3" in curves.charts.reading

    page.model.open(folders[1])
    qtbot.waitUntil(lambda: page.model.run is not None and page.model.run.folder == folders[1])
    assert page.model.other is None
    assert not curves.differences.isVisible()
