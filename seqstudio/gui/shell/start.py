"""Start the app: a session, a window, and the loop until it is closed."""

import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from seqstudio.errors import SessionError
from seqstudio.gui.shell.display import open_display
from seqstudio.gui.shell.garbage_collector import Collector
from seqstudio.gui.shell.pages import load_pages
from seqstudio.gui.shell.window import Window
from seqstudio.gui.widgets.theme import Theme
from seqstudio.gui.workspace.file_kinds import is_session
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.studio import Studio
from seqstudio.session.session import Session

WAITING = QEventLoop.ProcessEventsFlag.AllEvents
ROUND_MS = 10
CALM_ROUNDS = 5  # a page may ask for more once it has drawn


def run(
    files: Sequence[Path], *, screenshot: Path | None = None, theme: Theme | None = None
) -> int:
    """Run the app until its window is closed; give the exit code.

    Parameters
    ----------
    files : a session, or files to bring into a new one
    screenshot : the window's picture is written here once it has drawn, and the app ends
    theme : how it is dressed; without it, as it was chosen last

    Raises
    ------
    SeqStudioError
        If there is no display, the session cannot be opened, or the picture cannot be written.
    """
    if screenshot:
        check_target(screenshot)
    studio = Studio(warm=True)
    session = open_session(studio, files)
    app = open_display(sys.argv[:1], drawn_only=screenshot is not None)
    app.setApplicationName("SeqStudio")
    Collector(app)
    workspace = Workspace(studio, session)
    window = Window(workspace, theme, remember=screenshot is None)
    window.show()
    QTimer.singleShot(0, lambda: workspace.bring_in(path for path in files if not is_session(path)))
    if screenshot:
        return photograph(app, window, screenshot)
    ahead = partial(read_ahead, studio)
    window.seen.connect(lambda: workspace.background.run(ahead, _nothing, workspace.failed.emit))
    return app.exec()


def read_ahead(studio: Studio) -> None:
    """Read what the first page asks for: its code, and the cards of the models. On a thread."""
    load_pages()
    studio.models.cards()


def _nothing(_value: None) -> None:
    """Hear that it is read."""


def open_session(studio: Studio, files: Sequence[Path]) -> Session:
    """Open the session that is among the files, or begin an untitled one.

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
    """See that a picture can be written, before anything is opened.

    Raises
    ------
    SessionError
        If its suffix is not .png, or its folder is missing or cannot be written.
    """
    folder = target.absolute().parent
    able = os.access(target if target.exists() else folder, os.W_OK)
    if target.suffix.lower() != ".png" or not folder.is_dir() or not able:
        raise SessionError(f"{target}: cannot be written, expected a .png in a folder of yours")


def photograph(app: QApplication, window: Window, target: Path) -> int:
    """Draw the window once all is loaded, save its picture, and close it.

    Raises
    ------
    SessionError
        If the picture cannot be written.
    """
    settle(app, window)
    written = window.grab().save(str(target))
    untitled = window.workspace.session.path if window.workspace.session.is_untitled else None
    window.close()
    if untitled and untitled.exists():
        Session.open(untitled).discard()  # it was for the picture only
    if not written:
        raise SessionError(f"{target}: cannot be written, expected a .png in a folder of yours")
    return 0


def settle(app: QApplication, window: Window) -> None:
    """Wait until nothing is loading, nothing is under way, and what that changed is drawn."""
    calm = 0
    while calm < CALM_ROUNDS:
        app.processEvents(WAITING, ROUND_MS)
        busy = (
            window.workspace.background.busy
            or bool(window.workspace.loading)
            or window.wardrobe.busy
        )
        calm = 0 if busy else calm + 1
