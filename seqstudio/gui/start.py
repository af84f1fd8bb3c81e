"""Start the app: a session, a window, and the loop until it is closed."""

import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from seqstudio.errors import SessionError
from seqstudio.gui.bringing import is_session
from seqstudio.gui.desk import Desk
from seqstudio.gui.theme import Theme, apply_theme
from seqstudio.gui.window import Window
from seqstudio.host.session.session import Session
from seqstudio.host.studio import Studio


def run(files: Sequence[Path], *, screenshot: Path | None = None, theme: Theme = "system") -> int:
    """Run the app until its window is closed; give the exit code.

    Parameters
    ----------
    files : a session, or files to bring into a new one
    screenshot : the window's picture is written here once it has drawn, and the app ends
    theme : how it is dressed

    Raises
    ------
    SeqStudioError
        If the session cannot be opened, or the picture cannot be written.
    """
    app = QApplication(sys.argv[:1])
    app.setApplicationName("SeqStudio")
    apply_theme(app, theme)
    studio = Studio()
    desk = Desk(studio, open_session(studio, files))
    window = Window(desk)
    window.show()
    QTimer.singleShot(0, lambda: desk.bring_in(path for path in files if not is_session(path)))
    if screenshot:
        return photograph(app, window, screenshot)
    return app.exec()


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


def photograph(app: QApplication, window: Window, target: Path) -> int:
    """Draw the window once all is loaded, save its picture, and close it.

    Raises
    ------
    SessionError
        If the picture cannot be written.
    """
    app.processEvents()
    while window.desk.background.busy:
        app.processEvents()
    app.processEvents()
    written = window.grab().save(str(target))
    window.close()
    if not written:
        raise SessionError(f"{target}: cannot be written, expected a .png in a folder of yours")
    return 0
