"""The page of models, with the built-in models and a real worker."""

import shutil
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from seqstudio.gui.plugins_and_models.models import ModelsModel
from seqstudio.gui.plugins_and_models.models_view import ModelsView
from seqstudio.gui.shell.window_view import Window
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.store.store import Store


@pytest.fixture
def model(workspace: Workspace, qtbot: QtBot) -> ModelsModel:
    model = ModelsModel(workspace, workspace)
    qtbot.waitUntil(lambda: bool(model.rows))
    return model


def wait_until_idle(qtbot: QtBot, model: ModelsModel, workspace: Workspace) -> None:
    qtbot.waitUntil(lambda: not model.background_task.busy and not workspace.background.busy)


def shipped(workspace: Workspace, name: str) -> Path:
    (found,) = ((p, m) for p, m in workspace.studio.catalogue.models() if m.name == name)
    return found[0].folder / found[1].path


def facts(model: ModelsModel, title: str) -> list[str]:
    (group,) = (one for one in model.groups if one.title == title)
    return [f"{fact.label}: {fact.text}" if fact.label else fact.text for fact in group.facts]


def test_a_model_is_shown_with_its_card_and_what_uses_it(model: ModelsModel) -> None:
    model.select("speech-en-small")

    assert model.row is not None
    assert model.row.origin == "Speech, built in"
    users = facts(model, "Used by")
    assert users[0] == "Speech: Transcribe recordings"
    assert not [user for user in users if user.startswith("Music")]
    assert "Language: en" in facts(model, "About")
    assert any(line.startswith("Word error rate: ") for line in facts(model, "Measured"))
    assert model.card.startswith(f"{model.row.title}\n\nAbout\n  ")
    assert not model.can_remove()


@pytest.mark.medium  # a worker loads the model before it is accepted
def test_a_model_is_exported_imported_again_and_removed(
    workspace: Workspace, qtbot: QtBot, model: ModelsModel, tmp_path: Path
) -> None:
    model.select("music-folk")
    model.export(tmp_path / "mine.seqmodel")
    wait_until_idle(qtbot, model, workspace)
    with qtbot.waitSignal(workspace.installed_changed):
        model.install(tmp_path / "mine.seqmodel")
    wait_until_idle(qtbot, model, workspace)

    assert model.selected == "mine"
    assert model.row is not None
    assert model.row.origin == "imported"
    assert "mine" in workspace.studio.models.names()
    model.install(tmp_path / "mine.seqmodel")
    wait_until_idle(qtbot, model, workspace)
    assert model.selected == "mine-2"
    model.remove()
    wait_until_idle(qtbot, model, workspace)
    assert "mine-2" not in workspace.studio.models.names()


def test_a_damaged_bundle_is_refused_in_one_sentence(
    workspace: Workspace, qtbot: QtBot, model: ModelsModel, tmp_path: Path
) -> None:
    shutil.copytree(shipped(workspace, "music-folk"), tmp_path / "bad")
    with (tmp_path / "bad" / "weights.safetensors").open("ab") as stream:
        stream.write(b"x")
    refusals: list[str] = []
    model.failed.connect(refusals.append)
    model.install(tmp_path / "bad")
    wait_until_idle(qtbot, model, workspace)

    assert "weights.safetensors" in refusals[-1]
    assert "bad" not in workspace.studio.models.names()


def test_a_broken_model_is_listed_with_its_reason(
    workspace: Workspace, qtbot: QtBot, model: ModelsModel
) -> None:
    folder = workspace.studio.profile.models / "odd"
    shutil.copytree(shipped(workspace, "music-folk"), folder)
    (folder / "card.json").unlink()
    model.reload()
    wait_until_idle(qtbot, model, workspace)
    model.select("odd")

    assert model.row is not None
    assert model.row.status.startswith("broken: ")
    assert "card.json" in model.row.status
    assert (model.can_use(), model.can_remove()) == (False, True)


def test_a_model_of_a_disabled_plugin_leaves_the_list_until_the_plugin_is_enabled(
    workspace: Workspace, qtbot: QtBot, model: ModelsModel
) -> None:
    store = Store(workspace.studio.profile)
    for change, listed in ((partial(store.disable, reason="by you"), False), (store.enable, True)):
        change("music")
        workspace.refresh()
        wait_until_idle(qtbot, model, workspace)
        assert ("rolls-jsb" in [row.name for row in model.rows]) == listed


@pytest.mark.medium
def test_a_worker_verifies_a_model_and_the_page_shows_the_result(
    window: Window, qtbot: QtBot
) -> None:
    page = window.show_page("models")
    assert isinstance(page, ModelsView)
    qtbot.waitUntil(lambda: bool(page.model.rows))
    page.model.select("speech-en-small")
    verify = next(b for b in page.findChildren(QPushButton) if b.text() == "Verify")
    qtbot.mouseClick(verify, Qt.MouseButton.LeftButton)
    wait_until_idle(qtbot, page.model, window.workspace)

    status = page.progress.status.text()
    assert status.startswith("speech-en-small is intact: all files match their hashes, and its ")
    assert status.endswith(" outputs are unchanged.")


def test_the_card_is_copied_as_text(window: Window, qtbot: QtBot) -> None:
    page = window.show_page("models")
    assert isinstance(page, ModelsView)
    qtbot.waitUntil(lambda: bool(page.model.rows))
    qtbot.waitUntil(lambda: not window.workspace.background.busy)
    copy = next(b for b in page.findChildren(QPushButton) if b.text() == "Copy card")
    qtbot.mouseClick(copy, Qt.MouseButton.LeftButton)

    assert QGuiApplication.clipboard().text() == page.model.card
    assert "SHA-256" in page.model.card
