"""A splitter whose handles are plain lines."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSplitter, QSplitterHandle, QWidget

from seqstudio.gui.widgets.colours import colours_of


class _Line(QSplitterHandle):
    """A handle without the dots of Qt's style."""

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Fill it with the colour of lines."""
        QPainter(self).fillRect(self.contentsRect(), colours_of(self.palette()).line)


class Split(QSplitter):
    """Divides a page into parts that cannot be closed by dragging."""

    def __init__(self, orientation: Qt.Orientation, parent: QWidget | None = None) -> None:
        super().__init__(orientation, parent)
        self.setHandleWidth(1)
        self.setChildrenCollapsible(False)

    def createHandle(self) -> QSplitterHandle:
        """Return a new handle."""
        return _Line(self.orientation(), self)
