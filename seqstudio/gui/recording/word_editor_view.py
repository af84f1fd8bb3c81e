"""The field in which a word is edited, over the place where it stands."""

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

ROOM = 40  # pixels to type in, past the word
LEAST = 90
BRIEFLY = (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason)


class WordEditor(QLineEdit):
    """Enter or leaving takes the word, Tab goes on to the next, Escape leaves it as it was."""

    taken = Signal(str)
    passed = Signal(str, bool)  # taken, and the next one is wanted; True: the one before
    dropped = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName("Word")
        self.setStyleSheet("QLineEdit { padding: 0 2px; }")
        self.hide()

    def open(self, text: str, box: QRectF, right: float) -> None:
        """Edit a word over its box, left of `right`."""
        width = max(box.width() + ROOM, LEAST)
        left = max(min(box.left() - 2, right - width), 0)
        self.setGeometry(QRectF(left, box.top() - 2, width, box.height() + 4).toRect())
        self.setText(text)
        self.selectAll()
        self.show()
        self.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take the word, or leave it."""
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.taken.emit(self.text())
        elif key == Qt.Key.Key_Escape:
            self.dropped.emit()
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:  # noqa: FBT001 - Qt's name and type
        """Go on to another word rather than to another widget."""
        self.passed.emit(self.text(), not forward)
        return True

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take the word when the person goes elsewhere; a menu or another window is not that."""
        super().focusOutEvent(event)
        if self.isVisible() and event.reason() not in BRIEFLY:
            self.taken.emit(self.text())
