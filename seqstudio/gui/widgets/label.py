"""Labels and tooltips that show text as it is: names of files and plugins are never HTML."""

import html
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from seqstudio.host.text_format import printable


class Label(QLabel):
    """A `QLabel` of plain text, whose arguments it takes; Qt's own guesses whether text is HTML."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(self.text())

    def setText(self, text: str) -> None:
        """Show a text, with control characters and what turns text around escaped."""
        super().setText(printable(text))


def plain_tooltip(text: str) -> str:
    """Return what shows `text` as it is in a tooltip, which has no setting for plain text."""
    text = printable(text)
    return f"<qt>{html.escape(text)}</qt>" if "<" in text else text
