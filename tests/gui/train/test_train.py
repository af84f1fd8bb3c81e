import shutil
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
from seqstudio.gui.desk import Desk
from seqstudio.gui.sound.player import Player
from seqstudio.gui.train.previews_view import PreviewsView
from seqstudio.gui.train.run import TrainRun
from seqstudio.gui.train.train import TrainModel
from seqstudio.gui.train.view import TrainView
from seqstudio.gui.window import Window
from seqstudio.host.events import ItemFailed, ItemProgress, JobFinished
from seqstudio.host.jobs import NewJob
from seqstudio.host.spec import JobSpec, spec_to_text
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
    run.write_ledger(Ledger(["/data/a.wav"], {"/data/b.wav": "silent"}))
    for event in EVENTS:
        run.append(event)
    return run.folder


@pytest.fixture
def model(desk: Desk) -> TrainModel:
    """The page's model, with the tasks of the plugins in the box."""
    return TrainModel(desk)


@pytest.fixture
def page(window: Window) -> TrainView:
    """The page in its window."""
    page = window.show_page("train")
    assert isinstance(page, TrainView)
    return page


def book(desk: Desk, folder: Path, data: Path) -> int:
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
    return desk.studio.jobs.add(new, lambda _job: [])


def tell(desk: Desk, job: int, event: Event) -> None:
    told = ItemProgress(item=1, fraction=0.0, event=event_to_plain(event))
    desk.queue.happened.emit(job, told)


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
    model.form.set(task="speech.ctc", data=tmp_path / "empty", settings=(("epochs", "x"),))
    model.start()
    qtbot.waitUntil(lambda: not model.form.checking)

    assert list(model.form.faults) == ["data", "set.epochs"]
    assert model.run is None
    model.form.set(settings=())
    assert list(model.form.faults) == ["data"]


def opened(model: TrainModel, qtbot: QtBot, folder: Path) -> TrainRun:
    model.open(folder)
    qtbot.waitUntil(lambda: model.run is not None and model.run.state == "stopped")
    assert model.run
    return model.run


def test_a_training_of_the_jobs_list_is_followed(
    desk: Desk, model: TrainModel, qtbot: QtBot, recorded: Path
) -> None:
    job = book(desk, recorded, recorded.parent)
    run = opened(model, qtbot, recorded)
    for event in (step(9), step(10), BEST, preview(10)):
        tell(desk, job, event)

    assert model.run is run
    assert (run.state, run.job, run.step) == ("running", job, 10)
    assert [stage.step for stage in run.previews.stages] == [0, 10]
    desk.queue.happened.emit(job, JobFinished(state="cancelled"))
    assert run.state == "stopped"
    qtbot.waitUntil(lambda: model.run is not run)
    assert model.run.step == 11


def test_a_failure_says_why_and_the_run_can_go_on(
    desk: Desk, model: TrainModel, qtbot: QtBot, recorded: Path
) -> None:
    job = book(desk, recorded, recorded.parent)
    run = opened(model, qtbot, recorded)
    tell(desk, job, step(12))
    reason = "step 13: loss=nan, expected finite"
    with qtbot.waitSignal(model.troubled) as told:
        desk.queue.happened.emit(job, ItemFailed(item=1, name="train", reason=reason))
    desk.queue.happened.emit(job, JobFinished(state="failed", failed=1))
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


def test_a_setting_is_typed_in_and_its_fault_stands_below_it(
    page: TrainView, qtbot: QtBot, tmp_path: Path
) -> None:
    qtbot.mouseClick(page.form.settings.add, Qt.MouseButton.LeftButton)
    name, value, fault = page.form.settings.rows[0]
    name.setEditText("batch_size")
    qtbot.keyClicks(value, "many")
    qtbot.mouseClick(page.form.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(fault.isVisible)

    assert fault.text() == "⚠ batch_size='many', expected int."
    assert page.form.faults["data"].text() == "⚠ Choose the folder or file to learn from."


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
    player = Player(window.desk.background, window, find=lambda: speaker)
    view = PreviewsView(window.desk, window.commands, model, player)
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


def test_the_ledger_is_filtered(page: TrainView, qtbot: QtBot, recorded: Path) -> None:
    page.model.open(recorded)
    table = page.run.ledger.table
    qtbot.waitUntil(lambda: table.topLevelItemCount() == 2)
    first = table.topLevelItem(0)
    assert [first.text(column) for column in range(3)] == ["/data/b.wav", "refused", "silent"]
    qtbot.keyClicks(page.run.ledger.filter, "a.wav")
    assert table.topLevelItemCount() == 1
    page.run.ledger.refused.click()
    assert table.topLevelItemCount() == 0
