"""What went wrong, shown where it happened, with a report to copy."""

import platform
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from seqstudio import __version__


def report(text: str, where: str = "") -> str:
    """Write what a person sends when they ask for help: no path but those in the text itself."""
    lines = [
        f"SeqStudio {__version__}, Python {platform.python_version()}, {platform.platform()}",
        *([f"in: {where}"] if where else []),
        text,
    ]
    return "\n".join(lines) + "\n"


class Banner(QFrame):
    """One line of trouble above a view; hidden while there is none."""

    def __init__(self, where: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._where = where
        self._label = QLabel(self)
        self._label.setWordWrap(True)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        copy = QPushButton("Copy report", self)
        copy.setAccessibleDescription("Copy what went wrong, with versions, to the clipboard")
        copy.clicked.connect(self.copy_report)
        self.close_button = QPushButton("Dismiss", self)
        self.close_button.clicked.connect(self.dismiss)
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 6, 6)
        row.addWidget(self._label, 1)
        row.addWidget(copy)
        row.addWidget(self.close_button)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAccessibleName(f"Trouble in {where}")
        self.hide()

    @property
    def text(self) -> str:
        """What is shown."""
        return self._label.text()

    def tell(self, text: str) -> None:
        """Show one sentence."""
        self._label.setText(f"⚠ {text}" if text else "")
        self.setVisible(bool(text))

    def dismiss(self) -> None:
        """Take it away; the focus goes on to what comes next."""
        if self.isAncestorOf(self.focusWidget() or self):
            self.focusNextChild()
        self.hide()

    def offer(self, title: str, run: Callable[[], object]) -> QPushButton:
        """Add a way out of the trouble, as the first button."""
        button = QPushButton(title, self)
        button.clicked.connect(lambda _checked=False: run())
        self._row.insertWidget(1, button)
        return button

    def copy_report(self) -> None:
        """Put a report on the clipboard."""
        QGuiApplication.clipboard().setText(report(self._label.text(), self._where))
