"""The line above a transcript that finds and replaces words."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QPushButton, QWidget

from seqstudio.gui.recording.recording import RecordingModel
from seqstudio.gui.widgets.label import Label
from seqstudio.gui.widgets.layout import row
from seqstudio.gui.widgets.metrics import MEDIUM, SMALL, TIGHT


class FindBar(QFrame):
    """Finds the next place of a text, or replaces it everywhere; Escape closes it."""

    def __init__(self, model: RecordingModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        self.text, self.by = QLineEdit(self), QLineEdit(self)
        self.result = Label(self)
        self.text.setPlaceholderText("Find")
        self.text.setAccessibleName("Find")
        self.by.setPlaceholderText("Replace with")
        self.by.setAccessibleName("Replace with")
        self.next, self.all = QPushButton("Next", self), QPushButton("Replace all", self)
        parts = row(self, margins=(MEDIUM, TIGHT, MEDIUM, TIGHT), spacing=SMALL)
        for part in (self.text, self.next, self.by, self.all):
            parts.addWidget(part)
        parts.addWidget(self.result, 1)
        self.text.returnPressed.connect(self.find_next)
        self.next.clicked.connect(self.find_next)
        self.all.clicked.connect(self.replace_all)
        self.by.returnPressed.connect(self.replace_all)
        self.text.textChanged.connect(lambda _text: self.result.setText(""))
        self.hide()

    def open_bar(self) -> None:
        """Show the line, with the focus in it."""
        self.show()
        self.text.setFocus()
        self.text.selectAll()

    def find_next(self) -> None:
        """Go to the next place."""
        found = self._model.find_next(self.text.text())
        self.result.setText("" if found else "Not found")

    def replace_all(self) -> None:
        """Replace every place, in one step to undo."""
        count = self._model.replace_all(self.text.text(), self.by.text())
        self.result.setText(f"Replaced {count}" if count else "Not found")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close on Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
            return
        super().keyPressEvent(event)
