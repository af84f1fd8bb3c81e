"""Start the app: open a session, show a window, and run until it is closed."""

import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEventLoop, QSize, QTimer
from PySide6.QtWidgets import QApplication

from seqstudio.errors import SessionError
from seqstudio.gui.shell.display import open_display
from seqstudio.gui.shell.garbage_collector import GarbageCollector
from seqstudio.gui.shell.pages import load_pages
from seqstudio.gui.shell.window_view import Window
from seqstudio.gui.widgets.theme import Theme
from seqstudio.gui.workspace.file_kinds import is_session
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.studio import Studio
from seqstudio.session.session import Session

ALL_EVENTS = QEventLoop.ProcessEventsFlag.AllEvents
PICTURE = QSize(1280, 800)  # of a screenshot
ROUND_MS = 10
IDLE_ROUNDS = 5  # a page may start more work once it has drawn


def run(
    files: Sequence[Path], *, screenshot: Path | None = None, theme: Theme | None = None
) -> int:
    """Run the app until its window is closed; return the exit code.

    Parameters
    ----------
    files : a session, or files to import into a new one
    screenshot : save a picture of the window here once it has drawn, and end
    theme : None uses the theme of the preferences

    Raises
    ------
    SeqStudioError
        If there is no display, the session cannot be opened, or the picture cannot be written.
    """
    if screenshot:
        check_target(screenshot)
    studio = Studio(warm=True)
    session = open_session(studio, files)
    app = open_display(sys.argv[:1], headless=screenshot is not None)
    app.setApplicationName("SeqStudio")
    GarbageCollector(app)
    workspace = Workspace(studio, session)
    window = Window(workspace, theme, remember=screenshot is None)
    window.show()
    others = [path for path in files if not is_session(path)]
    QTimer.singleShot(0, lambda: workspace.import_files(others))
    if screenshot:
        return save_screenshot(app, window, screenshot)
    background, failed = workspace.background, workspace.failed.emit
    window.drawn.connect(lambda: background.run(partial(preload, studio), lambda _: None, failed))
    return app.exec()


def preload(studio: Studio) -> None:
    """Import the pages and read the model cards before they are needed. Call it on a thread."""
    load_pages()
    studio.models.cards()


def open_session(studio: Studio, files: Sequence[Path]) -> Session:
    """Open the session that is among the files, or create an untitled one.

    Raises
    ------
    SessionError
        If there are several, or it cannot be opened.
    """
    sessions = [path for path in files if is_session(path)]
    if len(sessions) > 1:
        raise SessionError(f"{sessions[1]}: a second session, expected one at most")
    return Session.open(sessions[0]) if sessions else Session.untitled(studio.profile)


def check_target(target: Path) -> None:
    """Check that a picture can be written, before anything is opened.

    Raises
    ------
    SessionError
        If its suffix is not .png, or its folder is missing or cannot be written.
    """
    folder = target.absolute().parent
    writable = os.access(target if target.exists() else folder, os.W_OK)
    if target.suffix.lower() != ".png" or not folder.is_dir() or not writable:
        raise SessionError(f"{target}: cannot be written, expected a .png in a folder of yours")


def save_screenshot(app: QApplication, window: Window, target: Path) -> int:
    """Draw the window once all is loaded, save its picture, and close it.

    Raises
    ------
    SessionError
        If the picture cannot be written.
    """
    window.resize(PICTURE)
    wait_until_idle(app, window)
    written = window.grab().save(str(target))
    untitled = window.workspace.session.path if window.workspace.session.is_untitled else None
    window.close()
    if untitled and untitled.exists():
        Session.open(untitled).discard()  # it was for the picture only
    if not written:
        raise SessionError(f"{target}: cannot be written, expected a .png in a folder of yours")
    return 0


def wait_until_idle(app: QApplication, window: Window) -> None:
    """Process events until nothing is loading or running, and all changes are drawn."""
    idle = 0
    while idle < IDLE_ROUNDS:
        app.processEvents(ALL_EVENTS, ROUND_MS)
        busy = (
            window.workspace.background.busy
            or bool(window.workspace.loading)
            or window.theme_manager.busy
        )
        idle = 0 if busy else idle + 1
