from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from seqstudio.gui.shell.status import status_of
from seqstudio.gui.shell.window_view import Window
from seqstudio.gui.widgets.colours import DARK, LIGHT, Colours, colours_of
from seqstudio.gui.widgets.drop_hint import DropHint, hint_text
from seqstudio.gui.workspace.file_kinds import can_import
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.studio import Studio
from seqstudio.session.edits import RenameSession
from seqstudio.session.session import Session

COPY, LEFT = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
NO_KEYS = Qt.KeyboardModifier.NoModifier


def dragged(paths: list[Path]) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def drop(window: Window, paths: list[Path]) -> None:
    """Drop files from the desktop on the window."""
    data, middle = dragged(paths), window.rect().center()
    entered = QDragEnterEvent(QPoint(middle), COPY, data, LEFT, NO_KEYS)
    QApplication.sendEvent(window, entered)
    assert entered.isAccepted()
    QApplication.sendEvent(window, QDropEvent(QPointF(middle), COPY, data, LEFT, NO_KEYS))


@pytest.mark.medium
def test_dropped_files_and_folders_are_imported(
    window: Window, qtbot: QtBot, recording: Path, tune: Path
) -> None:
    beside = [path for path in recording.parent.iterdir() if can_import(path)]
    drop(window, [tune, recording.parent])
    expected = 1 + len(beside)
    qtbot.waitUntil(lambda: len(window.workspace.document.clips) == expected)

    assert window.workspace.document.clips[0].path == tune


@pytest.mark.medium
def test_a_dropped_session_is_opened(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    album = tmp_path / "album.seqstudio"
    with Session.create(album) as session:
        session.do(RenameSession("Album"))
    with qtbot.waitSignal(window.workspace.session_changed):
        drop(window, [album])

    assert window.windowTitle() == "Album - SeqStudio"


def test_a_hint_says_what_dropping_will_do_and_hides_when_the_files_leave(
    window: Window, recording: Path
) -> None:
    (shown,) = window.findChildren(DropHint)
    data = dragged([recording])
    QApplication.sendEvent(window, QDragEnterEvent(QPoint(9, 9), COPY, data, LEFT, NO_KEYS))
    assert shown.isVisible()
    assert shown.accessibleDescription() == f"Drop to add {recording.name} to this session"
    assert hint_text([Path("a.seqstudio")]) == "Drop to open a.seqstudio"
    assert hint_text([Path("a.wav"), Path("b.wav")]) == "Drop to add 2 files to this session"

    QApplication.sendEvent(window, QDragLeaveEvent())
    assert not shown.isVisible()


def test_a_session_that_is_open_elsewhere_is_an_error_in_the_banner(
    window: Window, tmp_path: Path, qtbot: QtBot
) -> None:
    with Session.create(tmp_path / "held.seqstudio") as held:
        before = window.workspace.session
        with qtbot.waitSignal(window.workspace.failed):
            window.workspace.open_session(held.path)

        assert window.workspace.session is before
        assert "open already in this program" in window.banner.text
        assert window.banner.isVisible()


@pytest.mark.medium
def test_the_window_restores_its_geometry_and_the_library(
    workspace: Workspace, qtbot: QtBot
) -> None:
    first = Window(workspace)
    first.show()
    first.show_page("recording")
    first.resize(first.width(), 660)
    first.commands.action("view.library").trigger()
    first.close()
    studio = Studio(workspace.studio.profile.home)
    again = Workspace(studio, Session.untitled(studio.profile))
    second = Window(again)
    second.show()
    second.show_page("recording")

    assert second.height() == 660
    assert not second.library.isVisible()
    second.commands.action("show.library").trigger()
    second.show_page("recording")
    assert second.library.isVisible()
    second.close()


def test_a_new_window_takes_most_of_its_screen(window: Window) -> None:
    screen = window.screen().availableGeometry()
    assert window.width() == max(round(0.8 * screen.width()), window.minimumSizeHint().width())


@pytest.mark.parametrize("page", ["train", "models", "jobs", "recording", "score"])
def test_the_window_fits_a_full_hd_screen_at_200_percent(window: Window, page: str) -> None:
    window.show_page(page)
    QApplication.processEvents()
    least = window.minimumSizeHint()
    assert least.width() <= 960
    assert least.height() <= 540


def test_preferences_that_cannot_be_read_count_as_missing(tmp_path: Path, qtbot: QtBot) -> None:
    home = tmp_path / "profile"
    home.mkdir()
    (home / "app.json").write_text('{"theme": 3')
    studio = Studio(home)
    workspace = Workspace(studio, Session.untitled(studio.profile))
    assert workspace.preferences.saved.theme == "system"
    workspace.close()


@pytest.mark.parametrize(("theme", "colours"), [("light", LIGHT), ("dark", DARK)])
def test_a_theme_is_applied_at_once_and_saved(
    window: Window, qtbot: QtBot, theme: str, colours: Colours
) -> None:
    window.commands.action(f"theme.{theme}").trigger()

    qtbot.waitUntil(lambda: colours_of(window.palette()) == colours)
    qtbot.waitUntil(lambda: not window.theme_manager.busy)
    assert colours.background.name() in window.statusBar().styleSheet()
    assert window.workspace.preferences.saved.theme == theme
    window.commands.refresh()
    assert window.commands.action(f"theme.{theme}").isChecked()


def test_the_system_theme_follows_the_desktop(
    window: Window,
) -> None:
    hints = QApplication.styleHints()
    window.theme_manager.set_theme("system")
    for scheme, colours in ((Qt.ColorScheme.Dark, DARK), (Qt.ColorScheme.Light, LIGHT)):
        hints.colorSchemeChanged.emit(scheme)
        assert colours_of(QApplication.palette()) == colours


def test_f6_cycles_through_the_parts_of_the_window(window: Window, qtbot: QtBot) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.show_page("recording")
    window.library.tree.setFocus()
    focused = set()
    for _ in range(4):
        qtbot.keyClick(window, Qt.Key.Key_F6)
        focused.add(window.focusWidget())
    assert window.library.tree in focused
    assert any(window.stack.isAncestorOf(one) for one in focused if one)


def test_the_status_bar_shows_the_file_and_that_all_is_saved(
    window: Window, tmp_path: Path
) -> None:
    workspace = window.workspace
    assert status_of(workspace).location == "Untitled (kept in your profile)"
    workspace.do(RenameSession("Songs"))
    workspace.save_as(tmp_path / "songs.seqstudio")

    status = status_of(workspace)
    assert (status.location, status.saved) == (
        str(tmp_path / "songs.seqstudio"),
        "All changes saved",
    )


def test_closing_asks_nothing_and_keeps_the_untitled_session(
    workspace: Workspace, qtbot: QtBot
) -> None:
    window = Window(workspace)
    window.show()
    workspace.do(RenameSession("Songs"))
    path = workspace.session.path
    assert window.close()

    assert Session.unsaved(workspace.studio.profile) == (path,)
