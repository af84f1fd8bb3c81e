"""A model is trained from the page with real files and workers, stopped, resumed and saved."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from seqstudio.gui.operations.form_view import NumberField
from seqstudio.gui.operations.panel import PanelModel
from seqstudio.gui.shell.window_view import Window
from seqstudio.gui.train.train import TrainModel
from seqstudio.gui.train.train_view import TrainView
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.studio import Studio
from seqstudio.session.session import Session

ASSETS = Path(__file__).parents[3] / "assets"
STARTS = Qt.MatchFlag.MatchStartsWith


def fill_in(page: TrainView, qtbot: QtBot, task: str, settings: dict[str, str]) -> None:
    """Choose a task and type settings."""
    form = page.form
    form.task.setCurrentIndex(form.task.findData(task))
    form.task.activated.emit(form.task.currentIndex())
    for name, value in settings.items():
        type_in(page, qtbot, name, value)


def type_in(page: TrainView, qtbot: QtBot, name: str, value: str) -> None:
    """Open the section of a setting and replace its value."""
    for at, section in enumerate(page.model.form.settings.sections):
        view = page.form.settings.sections[at]
        if name in [field.name for field in section.form.fields]:
            if not view.title.isChecked():
                view.title.click()
            field = page.form.settings.field(name)
            assert isinstance(field, NumberField)
            field.selectAll()
            qtbot.keyClicks(field, value)


def stages(model: TrainModel) -> int:
    """Count the previews of the current run."""
    return len(model.run.previews.stages) if model.run else 0


@dataclass(frozen=True)
class Opened:
    workspace: Workspace
    page: TrainView


@pytest.fixture
def open_again(tmp_path: Path, qtbot: QtBot) -> Iterator[Callable[[], Opened]]:
    """Restart the app on the same profile."""
    opened: list[Window] = []

    def again() -> Opened:
        studio = Studio(tmp_path / "profile")
        window = Window(Workspace(studio, Session.untitled(studio.profile)))
        opened.append(window)
        window.show()
        qtbot.waitExposed(window)
        page = window.show_page("train")
        assert isinstance(page, TrainView)
        return Opened(window.workspace, page)

    yield again
    for window in opened:
        window.close()
        window.workspace.deleteLater()
        window.deleteLater()


@pytest.mark.medium
def test_music_training_is_stopped_resumed_after_a_restart_and_saved_for_all_forms(
    page: TrainView, open_again: Callable[[], Opened], qtbot: QtBot, tmp_path: Path
) -> None:
    data = tmp_path / "tunes"
    shutil.copytree(ASSETS / "music", data)
    page.model.form.set(data=data)
    small = {"hidden": "8", "inner_hidden": "8", "crop": "32"}
    settings = {**small, "epochs": "400", "gradient_flow_every": "2", "keep_every": "2"}
    fill_in(page, qtbot, "music.rolls", settings)
    qtbot.mouseClick(page.form.start, Qt.MouseButton.LeftButton)
    model, view = page.model, page.run
    qtbot.waitUntil(lambda: stages(model) > 2)

    run = model.run
    assert run
    assert run.previews.stages[0].title == "Before training"
    assert all(
        stage.midi and stage.audio and stage.audio.is_file() for stage in run.previews.stages
    )
    qtbot.waitUntil(lambda: run.ledger is not None)
    assert view.tabs.tabText(2).startswith("Data: 2 used")
    qtbot.waitUntil(lambda: "steps per second" in view.progress.text())
    assert "of 400, step" in view.progress.text()
    assert "gradient" in view.warning.full_text
    assert view.curves.charts.reading.startswith("training loss ")

    qtbot.mouseClick(view.buttons["train.stop"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(model.run and model.run.resumable))
    assert view.progress.text().startswith("Stopped · can be resumed")
    assert model.run
    stopped = model.run.step
    page.window().close()

    again = open_again()
    page, model, view = again.page, again.page.model, again.page.run
    qtbot.waitUntil(lambda: page.runs.count() == 1)
    assert page.runs.item(0).text() == "tunes-rolls\nmusic.rolls · Stopped"
    page.runs.itemClicked.emit(page.runs.item(0))
    qtbot.waitUntil(lambda: bool(model.run and model.run.resumable))
    assert f"step {stopped}" in view.progress.text()
    qtbot.mouseClick(view.buttons["train.resume"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(model.run and model.run.step > stopped))
    assert model.run
    steps = model.run.curves.loss.series[0].points()[0].tolist()
    assert steps[:stopped] == [*range(1, stopped + 1)]

    qtbot.mouseClick(view.buttons["train.save_model"], Qt.MouseButton.LeftButton)
    view.save_model.name.setText("rolls-jsb")
    qtbot.keyClick(view.save_model.name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "installed already" in view.save_model.error.text())
    panels = [PanelModel(again.workspace, kind) for kind in ("midi", "")]
    view.save_model.name.setText("my-tunes")
    qtbot.keyClick(view.save_model.name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "my-tunes is installed" in view.saved.text())
    for panel in panels:
        qtbot.waitUntil(lambda panel=panel: "my-tunes" in str(panel.models))
    qtbot.mouseClick(view.buttons["train.stop"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(model.run and model.run.resumable))
    assert view.saved.isVisible()

    qtbot.mouseClick(view.buttons["train.save_model"], Qt.MouseButton.LeftButton)
    row = view.save_model
    qtbot.waitUntil(lambda: row.weights.findText("Epoch 2,", STARTS) > 0)
    at = row.weights.findText("Epoch 2,", STARTS)
    row.weights.setCurrentIndex(at)
    row.weights.activated.emit(at)
    assert row.name.text() == "tunes-rolls-epoch-2"
    qtbot.mouseClick(row.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "tunes-rolls-epoch-2 is installed" in view.saved.text())
    kept = again.workspace.studio.models.find("tunes-rolls-epoch-2").facts
    assert kept.card.steps == 2
    assert kept.sha256 != again.workspace.studio.models.find("my-tunes").sha256


@pytest.mark.medium
def test_speech_training_shows_errors_at_its_fields_then_previews_text(
    page: TrainView, qtbot: QtBot, tmp_path: Path
) -> None:
    data = tmp_path / "speech"
    shutil.copytree(ASSETS / "speech", data)
    model, form = page.model, page.form
    model.form.set(data=data)
    fill_in(page, qtbot, "speech.ctc", {"hidden": "8", "mels": "0"})
    qtbot.mouseClick(form.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not model.form.checking)
    assert model.form.errors == {"set.mels": "mels=0, expected at least 1"}
    type_in(page, qtbot, "mels", "8")
    qtbot.mouseClick(form.start, Qt.MouseButton.LeftButton)
    text = "⚠ split 'train' is not in the data"
    qtbot.waitUntil(lambda: form.errors["data"].text().startswith(text))

    manifest = data / "manifest.tsv"
    lines = manifest.read_text().replace("dev\t", "train\t")
    manifest.write_text(lines + "train\tgone.flac\tx\t1.0\t\n")
    type_in(page, qtbot, "epochs", "1")
    qtbot.mouseClick(form.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.run.progress.text().startswith("Done"))

    assert model.run
    assert [label for label, _ in model.run.previews.stages[0].lines[:2]] == [
        "Reference",
        "Recognised",
    ]
    assert model.run.ledger
    assert list(model.run.ledger.refused)
    assert page.run.ledger.table.topLevelItem(0).text(1) == "refused"
    assert page.runs.count() == 1
