"""The overlay that is shown while files are dragged over the window."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from seqstudio.gui.widgets.colours import colours_of
from seqstudio.gui.workspace.file_kinds import MODELS, PLUGINS, install_page, is_session

OVERLAY_ALPHA = 170  # of 255


def dropped_paths(data: QMimeData) -> list[Path]:
    """Return the files and folders that are dragged or dropped."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]


def hint_text(paths: Sequence[Path]) -> str:
    """Describe what dropping the files does.

    >>> hint_text([Path("a.wav"), Path("b.mid"), Path("c.seqmodel")])
    'Drop to add 2 files to this session, and import c.seqmodel'
    """
    targets = {path: "session" if is_session(path) else install_page(path) for path in paths}

    def action(verb: str, target: str, suffix: str = "") -> list[str]:
        names = [path.name for path in paths if targets[path] == target]
        subject = names[0] if len(names) == 1 else f"{len(names)} files"
        return [f"{verb} {subject}{suffix}"] if names else []

    actions = [
        *action("open", "session"),
        *action("add", "", " to this session"),
        *action("import", MODELS),
        *action("inspect", PLUGINS, "; nothing is installed before you agree"),
    ]
    return f"Drop to {', and '.join(actions)}"


class DropHint(QWidget):
    """A frame with a sentence; mouse and key events pass through it."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._text = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName("Drop target")
        self.hide()

    def show_for(self, paths: Sequence[Path]) -> None:
        """Cover the window and describe what dropping the files does."""
        self._text = hint_text(paths)
        self.setAccessibleDescription(self._text)
        self.setGeometry(self._window.rect())
        self.show()
        self.raise_()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the frame, and the sentence in a box in the middle."""
        colours = colours_of(self.palette())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        overlay = QColor(colours.background)
        overlay.setAlpha(OVERLAY_ALPHA)
        painter.fillRect(self.rect(), overlay)
        painter.setPen(QPen(colours.accent, 3, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(self.rect().adjusted(8, 8, -8, -8), 8, 8)
        width = painter.fontMetrics().horizontalAdvance(self._text) + 48
        box = QRect(0, 0, min(width, self.width() - 48), 56)
        box.moveCenter(self.rect().center())
        painter.setPen(QPen(colours.accent, 1))
        painter.setBrush(colours.surface)
        painter.drawRoundedRect(box, 8, 8)
        painter.setPen(colours.text)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._text)
