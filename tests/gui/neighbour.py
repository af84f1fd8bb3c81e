"""Another program's window: it writes down what is dropped on it, and gives files to drag away.

Its words: a file for what it is told, then the files that it gives.
"""

import sys
from pathlib import Path

from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QDrag, QDragEnterEvent, QDropEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

TITLE = "Neighbour"
PLACE = (1300, 100, 300, 300)  # left, top, width, height
ENTERED = "entered"


class Neighbour(QWidget):
    """Takes and gives files."""

    def __init__(self, told: Path, files: list[Path]) -> None:
        super().__init__()
        self._told, self._files = told, files
        self.setWindowTitle(TITLE)
        self.setGeometry(*PLACE)
        self.setAcceptDrops(True)

    def mousePressEvent(self, _event: QMouseEvent) -> None:
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path)) for path in self._files])
        drag = QDrag(self)
        drag.setMimeData(data)
        drag.exec(Qt.DropAction.CopyAction)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()
            self._told.write_text(ENTERED)

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self._told.write_text("\n".join(url.toLocalFile() for url in event.mimeData().urls()))


if __name__ == "__main__":
    app = QApplication([])
    neighbour = Neighbour(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
    neighbour.show()
    app.exec()
