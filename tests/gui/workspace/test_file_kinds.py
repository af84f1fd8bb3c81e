"""Files dropped anywhere on the window are handled by their kind."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from seqstudio.gui.plugins_and_models.consent_view import ConsentView
from seqstudio.gui.shell.pages import PAGES
from seqstudio.gui.shell.window_view import Window
from seqstudio.gui.widgets.drop_hint import hint_text
from seqstudio.gui.workspace.file_kinds import MODELS, PLUGINS, InstallRequest, expand_paths
from seqstudio.host.store.project_wheel import project_wheel
from seqstudio.host.store.scaffold import write_plugin
from seqstudio.services.bundle_files import REQUIRED
from seqstudio.session.session import Session

COPY, LEFT = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
NO_KEYS = Qt.KeyboardModifier.NoModifier


def plugin_project(folder: Path) -> Path:
    """Write a plugin's source project and return its folder."""
    write_plugin(folder, folder.name, "operation")
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return plugin_project(tmp_path / "turner")


@pytest.fixture
def wheel(project: Path, tmp_path: Path) -> Path:
    packed = project_wheel(project)
    path = tmp_path / packed.path.name
    path.write_bytes(packed.packed)
    return path


@pytest.fixture
def text_file(tmp_path: Path) -> Path:
    path = tmp_path / "words.txt"
    path.write_text("to be read aloud")
    return path


def drop(window: Window, paths: Iterable[Path], at: QPointF) -> None:
    """Drop files from another program on a point of the window; Qt finds the widget."""
    data, handle = QMimeData(), window.windowHandle()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    pixel = QPoint(round(at.x()), round(at.y()))
    QApplication.sendEvent(handle, QDragEnterEvent(pixel, COPY, data, LEFT, NO_KEYS))
    QApplication.sendEvent(handle, QDragMoveEvent(pixel, COPY, data, LEFT, NO_KEYS))
    QApplication.sendEvent(handle, QDropEvent(at, COPY, data, LEFT, NO_KEYS))


def open_question(window: Window) -> str:
    """Return the question of the open consent dialog; "" where there is none."""
    dialog = window.findChild(ConsentView)
    return dialog.accessibleName() if isinstance(dialog, ConsentView) else ""


def decline(window: Window, qtbot: QtBot) -> str:
    """Wait for the consent dialog, decline, and return its question."""
    qtbot.waitUntil(lambda: bool(open_question(window)))
    dialog = window.findChild(ConsentView)
    assert isinstance(dialog, ConsentView)
    dialog.reject()
    return dialog.accessibleName()


def test_files_come_first_and_install_requests_last(
    project: Path, wheel: Path, text_file: Path, recording: Path, tmp_path: Path
) -> None:
    model, wheels, other = (tmp_path / name for name in ("model", "wheels", "other"))
    for folder in (model, wheels, other):
        folder.mkdir()
    for name in REQUIRED:
        (model / name).touch()
    (wheels / wheel.name).touch()
    (other / "pyproject.toml").write_text('[project]\nname = "songs"\n')
    (other / "song.mid").touch()
    bundle = Path("folk.seqmodel")

    assert expand_paths([wheel, text_file, project, model, bundle, wheels, other, recording]) == [
        text_file,
        other / "song.mid",
        recording,
        InstallRequest(PLUGINS, wheel),
        InstallRequest(PLUGINS, project),
        InstallRequest(MODELS, model),
        InstallRequest(MODELS, bundle),
        InstallRequest(PLUGINS, wheels),
    ]


def test_a_project_with_invalid_toml_is_still_a_plugin(project: Path) -> None:
    with (project / "pyproject.toml").open("a") as file:
        file.write("[project\n")
    assert expand_paths([project]) == [InstallRequest(PLUGINS, project)]


def test_the_hint_names_everything_that_dropping_will_do(project: Path) -> None:
    assert hint_text([project]) == "Drop to inspect turner; nothing is installed before you agree"
    assert hint_text([Path("a.seqstudio"), Path("a.wav"), Path("b.wav")]) == (
        "Drop to open a.seqstudio, and add 2 files to this session"
    )


@pytest.mark.medium
@pytest.mark.parametrize("name", [page.name for page in PAGES])
def test_a_project_dropped_anywhere_on_any_page_asks_for_consent(
    window: Window, qtbot: QtBot, project: Path, recording: Path, tune: Path, name: str
) -> None:
    window.workspace.import_files([recording, tune])
    qtbot.waitUntil(lambda: len(window.workspace.document.clips) == 2)
    ids = {
        "clip": window.workspace.document.clips[0].id,
        "take": window.workspace.document.takes[0].id,
    }
    entry = next(page for page in PAGES if page.name == name)
    window.workspace.select(ids.get(entry.shows, ""))
    window.show_page(name)
    qtbot.waitUntil(lambda: not window.workspace.background.busy)
    for across, down in ((0.1, 0.3), (0.4, 0.3), (0.6, 0.5), (0.9, 0.4), (0.5, 0.95)):
        window.show_page(name)
        drop(window, [project], QPointF(window.width() * across, window.height() * down))
        assert decline(window, qtbot) == "Install Turner 0.1.0?"
        qtbot.waitUntil(lambda: not open_question(window))
    assert window.stack.currentWidget() is window.show_page("plugins")
    assert len(window.workspace.document.clips) == 2


def test_a_text_dropped_with_a_wheel_is_imported_and_the_wheel_asks_for_consent(
    window: Window, qtbot: QtBot, wheel: Path, text_file: Path
) -> None:
    drop(window, [wheel, text_file], QPointF(400, 300))
    assert decline(window, qtbot) == "Install Turner 0.1.0?"
    qtbot.waitUntil(lambda: not window.workspace.background.busy)

    assert [clip.path for clip in window.workspace.document.clips] == [text_file]
    assert window.workspace.clip == window.workspace.document.clips[0]
    page = window.stack.currentWidget()
    assert page is window.show_page("plugins")


@pytest.mark.medium
def test_two_plugins_dropped_together_ask_for_consent_one_after_the_other(
    window: Window, qtbot: QtBot, wheel: Path, tmp_path: Path
) -> None:
    drop(window, [wheel, plugin_project(tmp_path / "spinner")], QPointF(400, 300))
    assert decline(window, qtbot) == "Install Turner 0.1.0?"
    qtbot.waitUntil(lambda: "Turner" not in open_question(window))
    assert decline(window, qtbot) == "Install Spinner 0.1.0?"


def test_a_wheel_dropped_with_a_session_asks_for_consent_in_that_session(
    window: Window, qtbot: QtBot, wheel: Path, tmp_path: Path
) -> None:
    album = tmp_path / "album.seqstudio"
    Session.create(album).close()
    drop(window, [wheel, album], QPointF(400, 300))
    assert decline(window, qtbot) == "Install Turner 0.1.0?"
    assert window.workspace.session.path == album
