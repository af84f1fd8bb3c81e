"""A small picture of a session or a file: the notes of a piece, or an icon."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from seqstudio.gui.shell.picture import Picture
from seqstudio.gui.widgets.colours import colours_of
from seqstudio.gui.widgets.icons import picture
from seqstudio.gui.widgets.metrics import RAIL_ICON, SMALL, THUMBNAIL

ICONS = {"audio": "audio-lines", "midi": "music", "text": "file-text"}
NOTE_PIXELS = 2.0


class SessionPicture(QWidget):
    """Paints notes, or the icon of a kind where there are none."""

    def __init__(self, notes: Picture, kind: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._notes, self._kind = notes, kind
        self.setFixedSize(*THUMBNAIL)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the notes, or the icon of the kind."""
        colours = colours_of(self.window().palette())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(colours.line)
        painter.setBrush(colours.background)
        whole = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(whole, SMALL, SMALL)
        if not self._notes:
            icon = picture(ICONS[self._kind], colours.accent.name(), RAIL_ICON)
            corner = whole.center().toPoint()
            painter.drawPixmap(corner.x() - RAIL_ICON // 2, corner.y() - RAIL_ICON // 2, icon)
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.note)
        inside = whole.adjusted(SMALL, SMALL, -SMALL, -SMALL)
        for start, length, height in self._notes:
            x, y = inside.x() + start * inside.width(), inside.bottom() - height * inside.height()
            width = max(length * inside.width() - 1, NOTE_PIXELS)
            painter.drawRect(QRectF(x, y, width, NOTE_PIXELS))
