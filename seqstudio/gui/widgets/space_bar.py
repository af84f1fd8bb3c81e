"""Which widgets have a use of their own for the space bar, which plays everywhere else."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

TYPED_IN = (QLineEdit, QAbstractSpinBox)
PRESSED = (QAbstractButton, QComboBox)


def keeps_space(focus: QWidget | None) -> bool:
    """Whether the space bar presses, ticks or types in the widget with the focus."""
    if isinstance(focus, PRESSED):
        return focus.isEnabled()
    if isinstance(focus, (QPlainTextEdit, QTextEdit)):
        return not focus.isReadOnly()
    if isinstance(focus, QAbstractItemView):
        index = focus.currentIndex()
        return bool(index.isValid() and index.flags() & Qt.ItemFlag.ItemIsUserCheckable)
    return isinstance(focus, TYPED_IN)
