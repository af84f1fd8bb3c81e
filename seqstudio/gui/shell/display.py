"""Open the application on a display; without one, fail with one line instead of a core dump."""

import os
import sys
from collections.abc import Sequence

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from seqstudio.errors import ConfigError
from seqstudio.gui.widgets.icons import FOLDER

ICON = FOLDER.with_name("seqstudio.svg")  # of the application
NAMED_BY = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
EXPECTED = "expected a desktop (DISPLAY or WAYLAND_DISPLAY); --screenshot needs none"
OF_OFFSCREEN = "This plugin does not support"  # about functions that the app does not need


def open_display(arguments: Sequence[str], *, headless: bool = False) -> QApplication:
    """Create the application.

    Qt ends the process when it finds no display that works: then one line is written to stderr,
    and the process ends with exit code 1.

    Parameters
    ----------
    arguments : the program's name
    headless : without a display, draw offscreen

    Raises
    ------
    ConfigError
        If no display is named at all.
    """
    if sys.platform == "linux" and not any(map(os.environ.get, NAMED_BY)):
        if not headless:
            raise ConfigError(f"app: no display, {EXPECTED}")
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    handler = _MessageHandler()
    qInstallMessageHandler(handler.handle)
    app = QApplication(list(arguments))
    handler.flush()
    app.setWindowIcon(QIcon(str(ICON)))
    return app


class _MessageHandler:
    """Writes Qt's messages to stderr; turns a fatal one while the display opens into one line."""

    def __init__(self) -> None:
        self._pending: list[str] | None = []  # messages while the display opens

    def handle(self, kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
        """Handle one message."""
        if kind == QtMsgType.QtFatalMsg:
            reason = (self._pending or [text])[0].partition("\n")[0].rstrip(". ")
            sys.stderr.write(f"Error: app: {reason}, {EXPECTED}\n")
            sys.stderr.flush()
            os._exit(1)
        elif self._pending is not None:
            self._pending.append(text)
        elif not text.startswith(OF_OFFSCREEN):
            sys.stderr.write(f"{text}\n")

    def flush(self) -> None:
        """Write the pending messages, which were not fatal, and later ones at once."""
        pending, self._pending = self._pending or [], None
        sys.stderr.writelines(f"{text}\n" for text in pending)
