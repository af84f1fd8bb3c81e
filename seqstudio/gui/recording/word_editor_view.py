"""The field in which a word is edited, placed over the word."""

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

EXTRA_WIDTH = 40  # pixels to type in, after the word
MIN_WIDTH = 90
TEMPORARY = (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason)


class WordEditor(QLineEdit):
    """Enter and losing the focus accept the text, Tab also moves to the next word, Escape cancels.

    After each signal, the view closes the editor.
    """

    committed = Signal(str)
    tab_pressed = Signal(str, bool)  # the text, and whether to move to the previous word
    cancelled = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName("Word")
        self.setStyleSheet("QLineEdit { padding: 0 2px; }")
        self.hide()

    def open(self, text: str, box: QRectF, right: float) -> None:
        """Edit a word over its box, left of `right`."""
        width = max(box.width() + EXTRA_WIDTH, MIN_WIDTH)
        left = max(min(box.left() - 2, right - width), 0)
        self.setGeometry(QRectF(left, box.top() - 2, width, box.height() + 4).toRect())
        self.setText(text)
        self.selectAll()
        self.show()
        self.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Accept the text or cancel."""
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.committed.emit(self.text())
        elif key == Qt.Key.Key_Escape:
            self.cancelled.emit()
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:  # noqa: FBT001 - Qt's name and type
        """Move to another word instead of another widget."""
        self.tab_pressed.emit(self.text(), not forward)
        return True

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Accept the text, unless a menu or another window took the focus."""
        super().focusOutEvent(event)
        if self.isVisible() and event.reason() not in TEMPORARY:
            self.committed.emit(self.text())
