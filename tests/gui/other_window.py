"""Another program's window: it logs what is dropped on it, and files can be dragged out of it.

Its arguments: the log file, then the files that can be dragged out.
"""

import sys
from pathlib import Path

from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QDrag, QDragEnterEvent, QDropEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

TITLE = "Other window"
GEOMETRY = (1300, 100, 300, 300)  # left, top, width, height
ENTERED = "entered"


class OtherWindow(QWidget):
    """Accepts drops of files, and starts a drag of its own files on a click."""

    def __init__(self, log: Path, files: list[Path]) -> None:
        super().__init__()
        self._log, self._files = log, files
        self.setWindowTitle(TITLE)
        self.setGeometry(*GEOMETRY)
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
            self._log.write_text(ENTERED)

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self._log.write_text("\n".join(url.toLocalFile() for url in event.mimeData().urls()))


if __name__ == "__main__":
    app = QApplication([])
    window = OtherWindow(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
    window.show()
    app.exec()
