"""Open the application on a display; where there is none, say so instead of dumping core."""

import os
import sys
from collections.abc import Sequence

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from seqstudio.errors import ConfigError

NAMED_BY = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
EXPECTED = "expected a desktop (DISPLAY or WAYLAND_DISPLAY); --screenshot needs none"
OF_OFFSCREEN = "This plugin does not support"  # what it cannot do is nothing that we need


def open_display(arguments: Sequence[str], *, drawn_only: bool = False) -> QApplication:
    """Make the application.

    Qt ends the process when it finds no display that works: then one line is written instead, and
    the process ends with exit code 1.

    Parameters
    ----------
    arguments : the program's name
    drawn_only : without a display it is drawn all the same, and nobody sees it

    Raises
    ------
    ConfigError
        If no display is named at all.
    """
    if sys.platform == "linux" and not any(map(os.environ.get, NAMED_BY)):
        if not drawn_only:
            raise ConfigError(f"app: no display, {EXPECTED}")
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    listener = _Listener()
    qInstallMessageHandler(listener.hear)
    app = QApplication(list(arguments))
    listener.opened()
    return app


class _Listener:
    """Writes what Qt says to stderr; what ends the process while it opens, in one line."""

    def __init__(self) -> None:
        self._held: list[str] | None = []  # said while it opens

    def hear(self, kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
        """Take one message."""
        if kind == QtMsgType.QtFatalMsg:
            reason = (self._held or [text])[0].partition("\n")[0].rstrip(". ")
            sys.stderr.write(f"Error: app: {reason}, {EXPECTED}\n")
            sys.stderr.flush()
            os._exit(1)
        elif self._held is not None:
            self._held.append(text)
        elif not text.startswith(OF_OFFSCREEN):
            sys.stderr.write(f"{text}\n")

    def opened(self) -> None:
        """Write what was held back: it did no harm."""
        said, self._held = self._held or [], None
        sys.stderr.writelines(f"{text}\n" for text in said)
