import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from training_events import evaluated, finished, preview, step

from seqstudio.contracts.data import Ledger
from seqstudio.gui.shell.window import Window
from seqstudio.gui.sound.player import Player
from seqstudio.gui.train.previews_view import PreviewsView
from seqstudio.gui.train.run import TrainRun
from seqstudio.gui.train.train import TrainModel
from seqstudio.gui.train.train_view import TrainView
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.jobs.events import ItemFailed, ItemProgress, JobFinished
from seqstudio.host.jobs.queue import NewJob
from seqstudio.host.jobs.spec import JobSpec, spec_to_text
from seqstudio.host.studio import Studio
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


@pytest.fixture
def model(workspace: Workspace) -> TrainModel:
    """The page's model, with the tasks of the plugins in the box."""
    return TrainModel(workspace)


def book(workspace: Workspace, folder: Path, data: Path) -> int:
    """Write a training into the books, as another process would that holds it now."""
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


def tell(workspace: Workspace, job: int, event: Event) -> None:
    told = ItemProgress(item=1, fraction=0.0, event=event_to_plain(event))
    workspace.queue.happened.emit(job, told)


def test_a_run_is_named_after_its_data_until_the_person_names_it(
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


def test_what_is_wrong_is_told_at_its_field_and_nothing_starts(
    model: TrainModel, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    model.form.set(task="speech.ctc", data=tmp_path / "empty")
    model.form.settings.sections[0].form.set("epochs", 0)
    model.start()
    qtbot.waitUntil(lambda: not model.form.checking)

    assert list(model.form.faults) == ["data", "set.epochs"]
    assert model.run is None
    model.form.settings.sections[0].form.set("epochs", 1)
    assert list(model.form.faults) == ["data"]


def opened(model: TrainModel, qtbot: QtBot, folder: Path) -> TrainRun:
    model.open(folder)
    qtbot.waitUntil(lambda: model.run is not None and model.run.state == "stopped")
    assert model.run
    return model.run


def test_a_training_of_the_jobs_list_is_followed(
    workspace: Workspace, model: TrainModel, qtbot: QtBot, recorded: Path
) -> None:
    job = book(workspace, recorded, recorded.parent)
    run = opened(model, qtbot, recorded)
    for event in (step(9), step(10), BEST, preview(10)):
        tell(workspace, job, event)

    assert model.run is run
    assert (run.state, run.job, run.step) == ("running", job, 10)
    assert [stage.step for stage in run.previews.stages] == [0, 10]
    workspace.queue.happened.emit(job, JobFinished(state="cancelled"))
    assert run.state == "stopped"
    qtbot.waitUntil(lambda: model.run is not run)
    assert model.run.step == 11


def test_a_failure_says_why_and_the_run_can_go_on(
    workspace: Workspace, model: TrainModel, qtbot: QtBot, recorded: Path
) -> None:
    job = book(workspace, recorded, recorded.parent)
    run = opened(model, qtbot, recorded)
    tell(workspace, job, step(12))
    reason = "step 13: loss=nan, expected finite"
    with qtbot.waitSignal(model.failed) as told:
        workspace.queue.happened.emit(job, ItemFailed(item=1, name="train", reason=reason))
    workspace.queue.happened.emit(job, JobFinished(state="failed", failed=1))
    qtbot.waitUntil(lambda: model.run is not run)

    assert told.args == [reason]
    assert model.run
    assert (model.run.state, model.run.note, model.run.resumable) == ("failed", reason, True)


def test_what_cannot_be_kept_is_told(model: TrainModel, qtbot: QtBot, recorded: Path) -> None:
    model.open(recorded)
    with qtbot.waitSignal(model.not_kept) as told:
        model.keep("mine")
    assert "this run has no model yet" in told.args[0]
    with qtbot.waitSignal(model.not_kept) as told:
        model.keep("../mine")
    assert told.args == ["'../mine': expected a plain name, without '/'."]


def test_the_task_is_one_that_the_data_are_for_until_the_person_chooses(
    model: TrainModel, qtbot: QtBot, tmp_path: Path, recording: Path, tune: Path
) -> None:
    for name, file in (("said", recording), ("played", tune)):
        (tmp_path / name).mkdir()
        shutil.copy(file, tmp_path / name)
        (tmp_path / name / "notes.txt").write_text("of mine")
    form = model.form
    assert form.request.task == "music.voices"
    form.set(data=tmp_path / "said")
    qtbot.waitUntil(lambda: form.request.task == "speech.ctc")
    assert form.request.name == "said-ctc"
    form.set(data=tmp_path / "played")
    qtbot.waitUntil(lambda: form.request.task == "music.voices")
    form.set(task="music.rolls")
    form.set(data=tmp_path / "said")
    model.start()
    qtbot.waitUntil(lambda: "data" in form.faults)

    assert form.request.task == "music.rolls"
    assert form.faults["data"].startswith("said holds nothing for Piano rolls, expected files in ")


def test_data_are_dropped_on_the_form(page: TrainView, tmp_path: Path) -> None:
    dropped = QMimeData()
    dropped.setUrls([QUrl.fromLocalFile(str(tmp_path))])
    drop(page.form, dropped)

    assert page.form.data.text() == str(tmp_path)
    assert page.form.name.text()
    assert page.form.place.text() == f"in {tmp_path.parent / 'runs'}"


def drop(widget: QWidget, data: QMimeData) -> None:
    event = QDropEvent(
        QPointF(5, 5),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    widget.dropEvent(event)  # type: ignore[attr-defined]


@pytest.fixture
def fields(model: TrainModel) -> Callable[[], dict[str, str]]:
    """What the form's empty fields stand for."""

    def told() -> dict[str, str]:
        sections = model.form.settings.sections
        return {field.name: field.empty for one in sections for field in one.form.fields}

    return told


def test_the_fields_are_those_of_the_task_with_the_defaults_of_the_preset(
    model: TrainModel, fields: Callable[[], dict[str, str]]
) -> None:
    form = model.form
    form.set(task="speech.ctc")
    assert form.request.all_settings() == ("preview_every=1", "gradient_flow_every=100")
    assert (fields()["epochs"], fields()["hidden"]) == ("60", "320")
    titles = [section.title for section in form.settings.sections]
    assert titles == ["", "The model and its data", "More about the training"]
    form.settings.sections[0].form.set("epochs", 3)
    form.settings.sections[1].form.set("hidden", 9)
    form.set(preset="base")
    assert (fields()["epochs"], fields()["hidden"]) == ("40", "512")
    assert form.request.values["hidden"] == 9

    form.set(task="music.rolls")
    assert "mels" not in fields()
    kept = {"epochs": 3, "preview_every": 1, "gradient_flow_every": 100}
    assert form.settings.values() == form.request.values == kept


def test_what_a_worker_blames_stands_at_the_field_until_a_setting_changes(
    model: TrainModel,
) -> None:
    model.form.set(task="music.rolls")
    own = model.form.settings.sections[1].form
    own.set("crop", 4)
    model.form.blame("set.crop", "crop=4, expected 0, or more than lead=8")
    assert own.faults == {"crop": "crop=4, expected 0, or more than lead=8"}
    own.set("dropout", 7.0)
    assert list(own.faults) == ["dropout"]
    assert model.form.faults == {}


def field(page: TrainView, name: str) -> QWidget:
    """Give the field of a setting in the sections that are open."""
    place = page.form.settings.place(name)
    assert place
    return place


def test_a_value_out_of_its_range_is_told_while_it_is_typed(page: TrainView, qtbot: QtBot) -> None:
    page.model.form.set(task="speech.ctc")
    first, own, training = page.form.settings.sections
    qtbot.waitUntil(lambda: bool(first.form and first.form.isVisible()))
    assert own.form is None
    own.title.click()
    qtbot.keyClicks(field(page, "dropout"), "2")
    assert own.form
    assert own.form.faults["dropout"].isVisible()
    assert own.form.faults["dropout"].text() == "⚠ dropout=2.0, expected at most 0.95"
    assert own.title.text() == "The model and its data (1 changed)"
    assert training.form is None
    page.model.form.settings.sections[2].form.set("warmup", 1.0)
    qtbot.waitUntil(lambda: field(page, "warmup").isVisible())
    own.title.click()
    assert not field(page, "dropout").isVisible()
    page.form.start.click()
    qtbot.waitUntil(lambda: not page.model.form.checking)
    assert page.model.run is None
    assert {"set.dropout", "set.warmup"} <= page.model.form.faults.keys()


def test_a_task_that_describes_no_settings_takes_rows_of_text(
    stranger: Studio, window: Window, page: TrainView, qtbot: QtBot
) -> None:
    window.workspace.refresh()
    page.model.form.set(task="speech.ctc")
    rows = page.form.settings.rows
    assert not rows.isVisible()
    page.model.form.set(task="parrot.songs")
    assert [one.title.text() for one in page.form.settings.sections[1:]] == [
        "More about the training"
    ]
    page.form.settings.sections[1].title.click()
    assert field(page, "warmup").lineEdit().placeholderText() == "as in the preset"  # type: ignore[attr-defined]
    qtbot.mouseClick(rows.add, Qt.MouseButton.LeftButton)
    qtbot.keyClicks(rows.all[0].name, "two words")
    qtbot.keyClicks(rows.all[0].value, "1")
    qtbot.mouseClick(page.form.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(rows.all[0].fault.isVisible)

    assert rows.all[0].fault.text() == "⚠ two words: expected a name such as learning_rate."
    assert page.form.faults["data"].text() == "⚠ Choose the folder or file to learn from."
    page.model.form.set(task="speech.ctc")
    assert rows.all == []


def test_a_run_is_opened_scrubbed_and_read(page: TrainView, qtbot: QtBot, recorded: Path) -> None:
    page.model.open(recorded)
    qtbot.waitUntil(lambda: page.run.previews.bar.maximum() == 2)
    run, view = page.model.run, page.run
    assert run
    assert view.progress.text().startswith("Stopped; it can go on · epoch 1 of 40, step 11")
    assert view.tabs.tabText(2) == "Data: 1 used, 1 refused"
    view.tabs.setCurrentIndex(1)
    qtbot.keyClick(view.previews.strip, Qt.Key.Key_Left)
    assert view.previews.text.text() == "said: HELLO\nheard: H10"
    qtbot.keyClick(view.previews.strip, Qt.Key.Key_Home)
    assert view.previews.title.text() == "Before training"
    view.previews.bar.setValue(2)
    assert view.previews.text.text() == "said: HELLO\nheard: H20"


def test_a_music_preview_is_heard_until_another_is_in_front(
    window: Window, model: TrainModel, qtbot: QtBot, tmp_path: Path, tune: Path, speaker: Any
) -> None:
    run = create_run(tmp_path / "tunes", RunSpec(task="music.rolls"))
    tone = np.full((48_000, 2), 0.5, np.float32)
    for number in (0, 5):
        names = tuple(f"previews/{number}/midi.{form}" for form in ("mid", "wav"))
        (run.folder / names[0]).parent.mkdir()
        shutil.copy(tune, run.folder / names[0])
        write_wav(run.folder / names[1], Audio(tone, 48_000))
        run.append(preview(number, "4 notes", *names))
    player = Player(window.workspace.background, window, find=lambda: speaker)
    view = PreviewsView(window.workspace, window.commands, model, player)
    view.setParent(window)
    view.show()
    opened(model, qtbot, run.folder)
    qtbot.waitUntil(view.hear.isEnabled)
    qtbot.mouseClick(view.hear, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: speaker.fill is not None and bool(speaker.sound(0.01).any()))

    assert view.hear.text() == "Stop"
    qtbot.waitUntil(lambda: "notes" in view.notes.accessibleDescription())
    qtbot.keyClick(view.strip, Qt.Key.Key_Left)
    assert not player.playing
    assert view.hear.text() == "Hear"
    assert not view.silence.isVisible()
    player.reason = "No loudspeaker."
    player.changed.emit()
    assert view.silence.text() == "No loudspeaker."
    assert view.silence.isVisible()


def test_curves_are_read_by_pointer_and_keys(page: TrainView, qtbot: QtBot, recorded: Path) -> None:
    page.model.open(recorded)
    qtbot.waitUntil(lambda: page.run.previews.bar.maximum() == 2)
    curves = page.run.curves.curves
    assert curves.reading.startswith("training loss 0.9091 at step 11, wer 0.5 at step 10")
    qtbot.keyClick(curves, Qt.Key.Key_Home)
    assert curves.accessibleDescription().startswith("training loss 10 at step 1, ")
    qtbot.keyClick(curves, Qt.Key.Key_Right)
    assert curves.accessibleDescription().startswith("training loss 10 at step 1, ")
    plot = curves.plots()[0].toRect()
    qtbot.mouseClick(curves, Qt.MouseButton.LeftButton, pos=plot.topLeft() + QPoint(1, 10))
    assert page.run.previews.title.text() == "Before training"


def test_a_training_can_be_kept_from_its_first_step_on(
    window: Window, page: TrainView, qtbot: QtBot, recorded: Path
) -> None:
    folder = recorded.parent / "other"
    create_run(folder, RunSpec(task="speech.ctc")).append(preview(0))
    job = book(window.workspace, folder, recorded.parent)
    opened(page.model, qtbot, folder)
    keep = page.run.buttons["train.keep"]
    assert not keep.isEnabled()
    tell(window.workspace, job, step(1))
    assert keep.isEnabled()
    assert window.commands.action("train.keep").isEnabled()
    keep.click()
    assert page.run.keep.isVisible()


def test_each_run_keeps_its_own_smoothing(page: TrainView, qtbot: QtBot, recorded: Path) -> None:
    create_run(recorded.parent / "other", RunSpec(task="speech.ctc"))
    opened(page.model, qtbot, recorded)
    box = page.run.curves.smoothing
    box.setCurrentIndex(2)
    box.activated.emit(2)
    assert page.model.run
    assert page.model.run.curves.smoothing == 50
    opened(page.model, qtbot, recorded.parent / "other")
    assert box.currentText() == "Each step"


def test_start_leads_to_the_first_thing_that_is_wrong(page: TrainView, qtbot: QtBot) -> None:
    page.model.form.set(task="speech.ctc", data=Path(__file__), name="mine")
    page.model.form.settings.sections[2].form.set("valid_groups", -1)
    place = page.form.settings.place("valid_groups")
    assert place
    qtbot.waitUntil(lambda: place.isVisible() and place.visibleRegion().isEmpty())
    page.form.start.click()
    qtbot.waitUntil(lambda: not place.visibleRegion().isEmpty())


def test_what_the_worker_refuses_is_told_in_view_at_its_field(
    window: Window, page: TrainView, qtbot: QtBot, tmp_path: Path, tune: Path
) -> None:
    window.resize(900, 500)
    shutil.copy(tune, tmp_path)
    page.model.form.set(task="music.rolls", data=tmp_path)
    page.model.form.settings.fill({"crop": 4})
    page.model.start()
    qtbot.waitUntil(lambda: page.model.run is not None)
    assert page.model.run
    reason = "settings preview_every=1 crop=4: crop=4, expected 0, or more than lead=8"
    refused = ItemFailed(item=1, name="train", reason=reason)
    window.workspace.queue.happened.emit(page.model.run.job, refused)

    assert page.model.run is None
    own = page.form.settings.sections[1]
    assert own.form
    qtbot.waitUntil(lambda: not own.form.faults["crop"].visibleRegion().isEmpty())
    assert own.form.faults["crop"].text() == "⚠ crop=4, expected 0, or more than lead=8"


def test_the_ledger_is_filtered(page: TrainView, qtbot: QtBot, recorded: Path) -> None:
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
