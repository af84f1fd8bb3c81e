"""Shown over the window while files are dragged across it."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from seqstudio.gui.widgets.theme import colours_of
from seqstudio.gui.workspace.file_kinds import MODELS, PLUGINS, installer_of, is_session

VEIL = 170  # of 255: what is below is dimmed


def dropped(data: QMimeData) -> list[Path]:
    """Give the files and folders that are dragged."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]


def hint(paths: Sequence[Path]) -> str:
    """Say what letting go will do.

    >>> hint([Path("a.wav"), Path("b.mid"), Path("c.seqmodel")])
    'Drop to bring 2 files into this session, and to import c.seqmodel'
    """
    places = {path: "session" if is_session(path) else installer_of(path) for path in paths}

    def told(what: str, place: str, then: str = "") -> list[str]:
        found = [path.name for path in paths if places[path] == place]
        name = found[0] if len(found) == 1 else f"{len(found)} files"
        return [f"to {what} {name}{then}"] if found else []

    deeds = [
        *told("open", "session"),
        *told("bring", "", " into this session"),
        *told("import", MODELS),
        *told("look into", PLUGINS, "; nothing is installed before you agree"),
    ]
    return f"Drop {', and '.join(deeds)}"


class DropHint(QWidget):
    """A frame and a sentence; it takes no mouse and no keys."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._text = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName("Where files are dropped")
        self.hide()

    def say(self, paths: Sequence[Path]) -> None:
        """Cover the window."""
        self._text = hint(paths)
        self.setAccessibleDescription(self._text)
        self.setGeometry(self._window.rect())
        self.show()
        self.raise_()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the frame, and the sentence on a plate in the middle."""
        colours = colours_of(self.palette())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = QColor(colours.ground)
        veil.setAlpha(VEIL)
        painter.fillRect(self.rect(), veil)
        painter.setPen(QPen(colours.accent, 3, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(self.rect().adjusted(8, 8, -8, -8), 8, 8)
        width = painter.fontMetrics().horizontalAdvance(self._text) + 48
        plate = QRect(0, 0, min(width, self.width() - 48), 56)
        plate.moveCenter(self.rect().center())
        painter.setPen(QPen(colours.accent, 1))
        painter.setBrush(colours.raised)
        painter.drawRoundedRect(plate, 8, 8)
        painter.setPen(colours.ink)
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, self._text)
