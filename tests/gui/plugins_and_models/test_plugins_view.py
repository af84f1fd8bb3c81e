"""The page of plugins by mouse, keys and drops."""

import zipfile
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from seqstudio.gui.plugins_and_models.consent_view import ConsentView
from seqstudio.gui.plugins_and_models.plugins_view import PluginsView
from seqstudio.gui.shell.window_view import Window
from seqstudio.host.store.project_wheel import project_wheel
from seqstudio.host.store.scaffold import write_plugin


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    folder = tmp_path / "turner"
    write_plugin(folder, "turner", "operation")
    packed = project_wheel(folder)
    wheel = tmp_path / packed.path.name
    wheel.write_bytes(packed.packed)
    return wheel


def drop(target: QWidget, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    target.dropEvent(
        QDropEvent(
            QPointF(9, 9),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )


def wait_for_sheet(qtbot: QtBot, window: Window) -> ConsentView:
    """Wait for the consent sheet."""
    qtbot.waitUntil(lambda: window.findChild(ConsentView) is not None)
    sheet = window.findChild(ConsentView)
    qtbot.waitExposed(sheet)
    return sheet


def test_dropping_a_wheel_asks_for_consent_and_cancel_is_the_default(
    window: Window, qtbot: QtBot, wheel: Path
) -> None:
    drop(window, wheel)
    sheet = wait_for_sheet(qtbot, window)

    assert sheet.accessibleName() == "Install Turner 0.1.0?"
    assert sheet.cancel.hasFocus() or sheet.focusWidget() is sheet.cancel
    qtbot.keyClick(sheet, Qt.Key.Key_Return)
    page = window.stack.currentWidget()
    assert isinstance(page, PluginsView)
    qtbot.waitUntil(lambda: page.progress.status.text() == "Not installed.")
    assert not window.workspace.document.clips


@pytest.mark.medium
def test_the_install_button_of_the_sheet_installs_the_plugin(
    window: Window, qtbot: QtBot, wheel: Path
) -> None:
    page = window.show_page("plugins")
    assert isinstance(page, PluginsView)
    drop(page, wheel)
    sheet = wait_for_sheet(qtbot, window)
    with qtbot.waitSignal(window.workspace.installed_changed):
        qtbot.mouseClick(sheet.install, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.title.text() == "Turner" and not page.model.background_task.busy)

    assert page.status.text() == "0.1.0  ·  on"
    texts = [page.list.item(row).text() for row in range(page.list.count())]
    assert "Turner\n0.1.0  ·  on" in texts
    disable = next(b for b in page.findChildren(QPushButton) if b.text() == "Disable")
    qtbot.mouseClick(disable, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.status.text() == "0.1.0  ·  off: disabled by you")
    assert not disable.isEnabled()


def test_a_refusal_is_shown_on_the_page_with_a_report_to_copy(
    window: Window, qtbot: QtBot, wheel: Path
) -> None:
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("turner.pth", "import os")
    drop(window, wheel)
    qtbot.waitUntil(lambda: isinstance(window.stack.currentWidget(), PluginsView))
    page = window.stack.currentWidget()
    assert isinstance(page, PluginsView)
    qtbot.waitUntil(page.banner.isVisible)

    assert "turner.pth: runs at every start of Python, expected no .pth" in page.banner.text
    page.banner.copy_report()
    assert "in: plugins" in QGuiApplication.clipboard().text()
    assert window.findChild(ConsentView) is None


def test_a_screen_reader_can_read_every_fact(window: Window, qtbot: QtBot) -> None:
    page = window.show_page("plugins")
    assert isinstance(page, PluginsView)
    qtbot.waitUntil(lambda: page.list.count() > 0)

    assert page.list.accessibleName() == "Plugins"
    assert "Licence MIT" in page.facts.accessibleDescription()
    assert all(b.text() for b in page.findChildren(QPushButton))
