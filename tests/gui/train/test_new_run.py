"""The form of a new run: its fields, its errors, and what is chosen for the data."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from seqstudio.gui.shell.window_view import Window
from seqstudio.gui.train.train import TrainModel
from seqstudio.gui.train.train_view import TrainView
from seqstudio.host.jobs.events import ItemFailed
from seqstudio.host.studio import Studio


def test_data_can_be_dropped_on_the_form(page: TrainView, tmp_path: Path) -> None:
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
    """The placeholders of the form's fields."""

    def placeholders() -> dict[str, str]:
        sections = model.form.settings.sections
        return {field.name: field.placeholder for one in sections for field in one.form.fields}

    return placeholders


def test_the_task_has_its_own_fields_with_the_defaults_of_the_preset(
    model: TrainModel, fields: Callable[[], dict[str, str]]
) -> None:
    form = model.form
    form.set(task="speech.ctc")
    assert form.request.setting_arguments() == ("preview_every=1", "gradient_flow_every=100")
    assert (fields()["epochs"], fields()["hidden"]) == ("60", "320")
    titles = [section.title for section in form.settings.sections]
    assert titles == ["", "Model and data", "More training settings"]
    form.settings.sections[0].form.set("epochs", 3)
    form.settings.sections[1].form.set("hidden", 9)
    form.set(preset="base")
    assert (fields()["epochs"], fields()["hidden"]) == ("40", "512")
    assert form.request.values["hidden"] == 9

    form.set(task="music.rolls")
    assert "mels" not in fields()
    kept = {"epochs": 3, "preview_every": 1, "gradient_flow_every": 100}
    assert form.settings.values() == form.request.values == kept


def test_the_task_chooses_the_preset_unless_the_user_does(page: TrainView) -> None:
    form, box = page.model.form, page.form.preset
    form.set(task="music.voices")
    titles = [box.itemText(at) for at in range(box.count())]
    assert titles == ["Chosen by the task", "chorale", "folk"]
    assert (box.currentText(), form.request.preset) == ("Chosen by the task", "")
    form.set(preset="folk")
    assert box.currentText() == "folk"


def test_a_worker_error_stays_at_its_field_until_a_setting_changes(
    model: TrainModel,
) -> None:
    model.form.set(task="music.rolls")
    own = model.form.settings.sections[1].form
    own.set("crop", 4)
    model.form.set_error("set.crop", "crop=4, expected 0, or more than lead=8")
    assert own.errors == {"crop": "crop=4, expected 0, or more than lead=8"}
    own.set("dropout", 7.0)
    assert list(own.errors) == ["dropout"]
    assert model.form.errors == {}


def field(page: TrainView, name: str) -> QWidget:
    """Return the field of a setting in an open section."""
    found = page.form.settings.field(name)
    assert found
    return found


@pytest.mark.medium
def test_an_out_of_range_value_is_an_error_while_it_is_typed(page: TrainView, qtbot: QtBot) -> None:
    page.model.form.set(task="speech.ctc")
    first, own, training = page.form.settings.sections
    qtbot.waitUntil(lambda: bool(first.form and first.form.isVisible()))
    assert own.form is None
    own.title.click()
    qtbot.keyClicks(field(page, "dropout"), "2")
    assert own.form
    assert own.form.errors["dropout"].isVisible()
    assert own.form.errors["dropout"].text() == "⚠ dropout=2.0, expected at most 0.95"
    assert own.title.text() == "Model and data (1 changed)"
    assert training.form is None
    page.model.form.settings.sections[2].form.set("warmup", 1.0)
    qtbot.waitUntil(lambda: field(page, "warmup").isVisible())
    own.title.click()
    assert not field(page, "dropout").isVisible()
    page.form.start.click()
    qtbot.waitUntil(lambda: not page.model.form.checking)
    assert page.model.run is None
    assert {"set.dropout", "set.warmup"} <= page.model.form.errors.keys()


@pytest.mark.medium
def test_a_task_without_settings_in_its_manifest_has_rows_of_text(
    parrot_studio: Studio, window: Window, page: TrainView, qtbot: QtBot
) -> None:
    window.workspace.refresh()
    page.model.form.set(task="speech.ctc")
    rows = page.form.settings.rows
    assert not rows.isVisible()
    page.model.form.set(task="parrot.songs")
    assert [one.title.text() for one in page.form.settings.sections[1:]] == [
        "More training settings"
    ]
    page.form.settings.sections[1].title.click()
    assert field(page, "warmup").lineEdit().placeholderText() == "as in the preset"  # type: ignore[attr-defined]
    qtbot.mouseClick(rows.add, Qt.MouseButton.LeftButton)
    qtbot.keyClicks(rows.all[0].name, "two words")
    qtbot.keyClicks(rows.all[0].value, "1")
    qtbot.mouseClick(page.form.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(rows.all[0].error.isVisible)

    assert rows.all[0].error.text() == "⚠ two words: expected a name such as learning_rate."
    assert page.form.errors["data"].text() == "⚠ Choose the folder or file of training data."
    page.model.form.set(task="speech.ctc")
    assert rows.all == []


@pytest.mark.medium
def test_start_scrolls_to_the_first_error(page: TrainView, qtbot: QtBot) -> None:
    page.model.form.set(task="speech.ctc", data=Path(__file__), name="mine")
    page.model.form.settings.sections[2].form.set("valid_groups", -1)
    groups = page.form.settings.field("valid_groups")
    assert groups
    qtbot.waitUntil(lambda: groups.isVisible() and groups.visibleRegion().isEmpty())
    page.form.start.click()
    qtbot.waitUntil(lambda: not groups.visibleRegion().isEmpty())


@pytest.mark.medium
def test_a_worker_error_is_scrolled_into_view_at_its_field(
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
    window.workspace.queue.job_event.emit(page.model.run.job, refused)

    assert page.model.run is None
    own = page.form.settings.sections[1]
    assert own.form
    qtbot.waitUntil(lambda: not own.form.errors["crop"].visibleRegion().isEmpty())
    assert own.form.errors["crop"].text() == "⚠ crop=4, expected 0, or more than lead=8"
