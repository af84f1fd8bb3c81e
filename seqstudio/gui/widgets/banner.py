"""An error message above the view where it occurred, with a report to copy."""

import platform
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from seqstudio import __version__
from seqstudio.gui.widgets.label import Label
from seqstudio.gui.widgets.metrics import MEDIUM, TIGHT


def error_report_text(text: str, where: str = "") -> str:
    """Return the text that a user sends to ask for help; it adds versions, but no paths."""
    lines = [
        f"SeqStudio {__version__}, Python {platform.python_version()}, {platform.platform()}",
        *([f"in: {where}"] if where else []),
        text,
    ]
    return "\n".join(lines) + "\n"


class Banner(QFrame):
    """One error message above a view; hidden while there is none."""

    def __init__(self, where: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._where = where
        self._label = Label(self)
        self._label.setWordWrap(True)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        copy = QPushButton("Copy report", self)
        copy.setAccessibleDescription("Copy the error with version information to the clipboard")
        copy.clicked.connect(self.copy_report)
        self.close_button = QPushButton("Dismiss", self)
        self.close_button.clicked.connect(self.dismiss)
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(MEDIUM, TIGHT, TIGHT, TIGHT)
        row.addWidget(self._label, 1)
        row.addWidget(copy)
        row.addWidget(self.close_button)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAccessibleName(f"Errors in {where}")
        self.hide()

    @property
    def text(self) -> str:
        """The message that is shown."""
        return self._label.text()

    def show_message(self, text: str) -> None:
        """Show one sentence, or hide the banner if `text` is empty."""
        self._label.setText(f"⚠ {text}" if text else "")
        self.setVisible(bool(text))

    def dismiss(self) -> None:
        """Hide the banner and move the keyboard focus to the next widget."""
        if self.isAncestorOf(self.focusWidget() or self):
            self.focusNextChild()
        self.hide()

    def add_button(self, title: str, run: Callable[[], object]) -> QPushButton:
        """Add a button that fixes the problem, before the others."""
        button = QPushButton(title, self)
        button.clicked.connect(lambda _checked=False: run())
        self._row.insertWidget(1, button)
        return button

    def copy_report(self) -> None:
        """Copy the report to the clipboard."""
        QGuiApplication.clipboard().setText(error_report_text(self._label.text(), self._where))
