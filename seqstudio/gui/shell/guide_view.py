"""The guide of the app, in a window of its own beside the work."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QDialog, QTextBrowser, QWidget

from seqstudio.errors import DataError
from seqstudio.gui.widgets.layout import column
from seqstudio.gui.widgets.metrics import GUIDE, NONE
from seqstudio.services.atomic_files import os_errors_as

GUIDE_FILE = "docs/the-app.md"
MARKDOWN = QTextDocument.MarkdownFeature.MarkdownDialectGitHub


class GuideView(QDialog):
    """Shows the guide."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Guide to the app")
        self.resize(*GUIDE)
        self.text = QTextBrowser(self)
        self.text.setAccessibleName("Guide")
        column(self, margins=NONE).addWidget(self.text)

    def show_guide(self, path: Path) -> None:
        """Read the guide and show it.

        Raises
        ------
        DataError
            If it cannot be read.
        """
        with os_errors_as(DataError, path):
            text = path.read_text(encoding="utf-8")
        self.text.setSearchPaths([str(path.parent)])
        self.text.document().setMarkdown(text, MARKDOWN)
        self.show()
